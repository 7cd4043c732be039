/** Charts as SVG text: points or lines in one or more panels, dark on white, no dependency. */

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly x: { readonly label: string; readonly max: number; readonly min?: number };
  readonly y: { readonly label: string; readonly max: number; readonly min?: number };
  readonly series: readonly Series[];
  /** A horizontal line, such as a budget. */
  readonly reference?: number;
  readonly kind: 'points' | 'lines';
}

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  readonly columns: number;
  /** Every series, in the order of colours and marks: the same in all charts of one set. */
  readonly names: readonly string[];
}

const WIDTH = 520;
const HEIGHT = 320;
const MARGIN = { left: 62, right: 20, top: 34, bottom: 50 };
const HEADER = 64;
const TICKS = 5;
/** Told apart by people who see few colours, too (Okabe and Ito), and by shape in charts of points. */
const COLOURS = [
  '#d55e00',
  '#0072b2',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#000000',
  '#8c6d1f',
  '#6a3d9a',
  '#7f7f7f',
  '#b15928',
];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const fixed = (value: number): string => Number(value.toFixed(1)).toString();
const tick = (value: number): string => Number(value.toPrecision(3)).toString();

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped(content)}</text>`;
}

function marker(index: number, x: number, y: number): string {
  const colour = COLOURS[index % COLOURS.length]!;
  const [cx, cy] = [fixed(x), fixed(y)];
  if (index === 0) return `<circle cx="${cx}" cy="${cy}" r="7" fill="${colour}"/>`;
  if (index % 3 === 1) return `<rect x="${fixed(x - 5)}" y="${fixed(y - 5)}" width="10" height="10" fill="${colour}"/>`;
  if (index % 3 === 2) {
    return `<path d="M${cx} ${fixed(y - 6)}l6 11h-12z" fill="${colour}"/>`;
  }
  return `<path d="M${cx} ${fixed(y - 7)}l6 7l-6 7l-6 -7z" fill="${colour}"/>`;
}

/** The first series on top. What is beyond the scale sits on its edge. */
function drawSeries(
  { kind, series }: Panel,
  px: (x: number) => number,
  py: (y: number) => number,
  names: readonly string[],
): string {
  return series
    .map(({ name, points }) => {
      const index = names.indexOf(name);
      const drawn = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
      if (kind === 'points') return drawn.map(([x, y]) => marker(index, px(x), py(y))).join('');
      const path = drawn.map(([x, y]) => `${fixed(px(x))},${fixed(py(y))}`).join(' ');
      const width = index === 0 ? 2.4 : 1.4;
      return `<polyline points="${path}" fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="${width}"/>`;
    })
    .reverse()
    .join('\n');
}

function drawPanel(panel: Panel, names: readonly string[]): string {
  const { x, y, title, reference } = panel;
  const [left, right, top, bottom] = [MARGIN.left, WIDTH - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
  const scale = (value: number, { min = 0, max }: { min?: number; max: number }): number =>
    Math.min(1, Math.max(0, (value - min) / (max - min)));
  const px = (value: number): number => left + scale(value, x) * (right - left);
  const py = (value: number): number => bottom - scale(value, y) * (bottom - top);
  const parts = [text(left, top - 12, title, 'font-weight="bold"')];
  for (let n = 0; n <= TICKS; n += 1) {
    const xValue = (x.min ?? 0) + ((x.max - (x.min ?? 0)) * n) / TICKS;
    const yValue = (y.min ?? 0) + ((y.max - (y.min ?? 0)) * n) / TICKS;
    parts.push(
      `<line x1="${left}" y1="${fixed(py(yValue))}" x2="${right}" y2="${fixed(py(yValue))}" stroke="#e3e3e3"/>`,
    );
    parts.push(text(left - 8, py(yValue) + 4, tick(yValue), 'text-anchor="end" font-size="11"'));
    parts.push(text(px(xValue), bottom + 18, tick(xValue), 'text-anchor="middle" font-size="11"'));
  }
  parts.push(`<path d="M${left} ${top}V${bottom}H${right}" fill="none" stroke="#333"/>`);
  if (reference !== undefined) {
    parts.push(
      `<line x1="${left}" y1="${fixed(py(reference))}" x2="${right}" y2="${fixed(py(reference))}" stroke="#333" stroke-dasharray="5 4"/>`,
    );
  }
  parts.push(drawSeries(panel, px, py, names));
  parts.push(text((left + right) / 2, HEIGHT - 12, x.label, 'text-anchor="middle"'));
  parts.push(
    text(16, (top + bottom) / 2, y.label, `text-anchor="middle" transform="rotate(-90 16 ${(top + bottom) / 2})"`),
  );
  return parts.join('\n');
}

function legend(names: readonly string[], width: number, y: number): { readonly svg: string; readonly height: number } {
  const each = 200;
  const perRow = Math.max(1, Math.floor((width - 40) / each));
  const parts = names.map((name, index) => {
    const x = 28 + (index % perRow) * each;
    const line = y + Math.floor(index / perRow) * 22;
    return marker(index, x, line - 4) + text(x + 14, line, name);
  });
  return { svg: parts.join('\n'), height: Math.ceil(names.length / perRow) * 22 + 12 };
}

/** The chart as a file. */
export function toSvg({ title, subtitle, panels, columns, names }: Chart): string {
  const rows = Math.ceil(panels.length / columns);
  const width = columns * WIDTH;
  const { svg: legendSvg, height: legendHeight } = legend(names, width, HEADER + 18);
  const body = HEADER + legendHeight;
  const height = body + rows * HEIGHT;
  const placed = panels.map((panel, n) => {
    const at = `${(n % columns) * WIDTH} ${body + Math.floor(n / columns) * HEIGHT}`;
    return `<g transform="translate(${at})">\n${drawPanel(panel, names)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#222">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
${text(24, 30, title, 'font-size="18" font-weight="bold"')}
${text(24, 52, subtitle, 'fill="#555"')}
${legendSvg}
${placed.join('\n')}
</svg>
`;
}
