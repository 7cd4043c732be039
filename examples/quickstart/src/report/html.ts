import { chartSvg } from './chart-svg.ts';
import { escapeHtml } from './escape.ts';
import { type Block, type Cell, type Report, textOf } from './model.ts';
import { PICTURE_STYLE } from './picture-style.ts';
import { traceSvg } from './trace-svg.ts';
import { printable } from './width.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#1c2330}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #d5dae2}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:#5b6575}td,th{padding:.2rem .8rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}
.right{text-align:right}.good{color:#1a7f37}.bad{color:#c0262d;font-weight:600}.warn{color:#9a6700}.dim{color:#6b7482}.strong{font-weight:600}
@media(prefers-color-scheme:dark){body{background:#12161d;color:#dde3ec}h2{border-color:#333c4a}.good{color:#4ac26b}.bad{color:#ff7b72}.warn{color:#d29922}th,.dim{color:#8d98a8}}`;

/** The report as one HTML file that loads nothing. */
export function renderHtml(report: Report): string {
  const sections = report.sections.map(
    ({ title, blocks }) => `<section><h2>${escapeHtml(title)}</h2>${blocks.map(renderBlock).join('')}</section>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(report.title)}</title><style>${STYLE}
${PICTURE_STYLE}</style>
<h1>${escapeHtml(report.title)}</h1>${report.facts.map((fact) => `<p>${escapeHtml(fact)}</p>`).join('')}
${sections.join('\n')}
</html>
`;
}

function renderBlock(block: Block): string {
  if (block.kind === 'lines') return block.lines.map((cell) => `<p${toneClass(cell)}>${content(cell)}</p>`).join('');
  if (block.kind === 'chart') return chartSvg(block);
  if (block.kind === 'trace') return traceSvg(block);
  const alignments = block.columns.map(({ align }) => (align === 'right' ? 'right' : ''));
  const head = block.columns.map(({ title }, i) => `<th class="${alignments[i]}">${escapeHtml(title)}</th>`).join('');
  const rows = block.rows.map(
    (row) => `<tr>${row.map((cell, i) => `<td${toneClass(cell, alignments[i])}>${content(cell)}</td>`).join('')}</tr>`,
  );
  return `<table><tr>${head}</tr>${rows.join('')}</table>`;
}

function toneClass(cell: Cell, more = ''): string {
  const names = [typeof cell === 'string' ? '' : cell.tone, more].filter(Boolean).join(' ');
  return names === '' ? '' : ` class="${names}"`;
}

function content(cell: Cell): string {
  return escapeHtml(printable(textOf(cell)));
}
