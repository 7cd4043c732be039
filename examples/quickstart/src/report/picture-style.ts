/** Colours of processes and threads; further ones begin again. */
export const PLACE_COLOURS = 8;

/** Light and dark, of the pictures in the HTML report. */
export const PICTURE_STYLE = `svg{width:100%;height:auto;margin:.5rem 0;font:12px system-ui,sans-serif;fill:currentColor}
svg .axis{stroke:currentColor;opacity:.25}svg .quiet{opacity:.65}svg .curve{fill:none;stroke:#3b6fd4;stroke-width:1.5}svg .area{fill:#3b6fd4;opacity:.15}
svg .mark{fill:#c0262d;opacity:.13}svg .mark-edge{stroke:#c0262d;stroke-width:1}svg .letter{fill:#c0262d;font-weight:600}
svg .notice{fill:#9a6700}svg .path{stroke:#c0262d;stroke-width:2}svg .path-bar{fill:#c0262d}svg .error{fill:#c0262d}
svg .place0{fill:#4c78a8}svg .place1{fill:#f2a541}svg .place2{fill:#54a24b}svg .place3{fill:#b279a2}svg .place4{fill:#72b7b2}svg .place5{fill:#9d755d}svg .place6{fill:#e277a8}svg .place7{fill:#8a8d93}
@media(prefers-color-scheme:dark){svg .curve{stroke:#7fa7ff}svg .area{fill:#7fa7ff}svg .mark{fill:#ff7b72}svg .mark-edge{stroke:#ff7b72}svg .letter,svg .error{fill:#ff7b72}svg .notice{fill:#d29922}svg .path{stroke:#ff7b72}svg .path-bar{fill:#ff7b72}}`;
