import type { Absence } from './columns.js';
import type { Report, Row } from './report.js';

/** The report as one page that needs nothing else: no framework, no font, no network. */
export function pageOf({ date, node, seed, seconds, chapters, rows, absent }: Report): string {
  const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  const columns = [...new Set(rows.map(({ column }) => column))];
  const cases = new Map<string, Row[]>();
  for (const row of rows) cases.set(row.case, [...(cases.get(row.case) ?? []), row]);
  const sections = chapters.map(({ number, title }) => {
    const own = [...cases].filter(([of]) => of.split('.')[0] === String(number));
    return `<section data-chapter="${number}"><h2>${number}. ${escaped(title)}</h2>${own.map(([of, some]) => caseOf(of, some, columns, absent[of] ?? [])).join('')}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>rx-tinyproto: conformance</title><style>${style}</style></head><body>
<header><h1>Conformance</h1>
<p>${rows.length} variants of ${cases.size} cases: <b class="passed">${count('passed')} passed</b>, <b class="failed">${count('failed')} failed</b>, <b class="differs">${count('differs')} differ</b> in the Python original, ${count('skipped')} skipped.
<br><small>${date.replace('T', ' ')} UTC, Node ${node}, seed ${seed}, ${seconds} s</small></p>
<form><label>Chapter <select name="chapter"><option value="">all</option>${chapters.map(({ number, title }) => `<option value="${number}">${number}. ${escaped(title)}</option>`).join('')}</select></label>
<label>Verdict <select name="verdict"><option value="">all</option><option>passed</option><option>failed</option><option>differs</option><option>skipped</option></select></label>
<label>Column <select name="column"><option value="">all</option>${columns.map((column) => `<option>${escaped(column)}</option>`).join('')}</select></label>
<label>Find <input name="text" type="search" placeholder="cut-short"></label></form></header>
<main>${sections.join('')}</main><script>${script}</script></body></html>
`;
}

function caseOf(
  number: string,
  rows: readonly Row[],
  columns: readonly string[],
  absent: readonly Absence[],
): string {
  const cells = columns
    .map((column) => ({ column, own: rows.filter((row) => row.column === column) }))
    .filter(({ own }) => own.length > 0)
    .map(({ column, own }) => {
      const passed = own.filter(({ verdict }) => verdict === 'passed').length;
      return `<span class="cell ${worst(own)}" title="${escaped(column)}">${escaped(column)} ${passed}/${own.length}</span>`;
    });
  // What the Python original does otherwise is no mark on a case.
  const mark = worst(rows.filter(({ verdict }) => verdict !== 'differs'));
  return `<details class="case ${mark}"><summary><b>${number}</b> ${escaped(rows[0]?.title ?? '')}<span class="cells">${cells.join('')}</span></summary>
${whyNot(absent)}<div class="scroll"><table><thead><tr><th>Variant<th>Verdict<th>Close reason<th>ms</tr></thead><tbody>${rows.map(rowOf).join('')}</tbody></table></div></details>`;
}

/** Columns with the same reason stand together. */
function whyNot(absent: readonly Absence[]): string {
  const reasons = new Map<string, string[]>();
  for (const { column, why } of absent) reasons.set(why, [...(reasons.get(why) ?? []), column]);
  const items = [...reasons].map(([why, own]) => `<li>${escaped(own.join(', '))}: ${escaped(why)}`);
  return items.length === 0
    ? ''
    : `<p class="absent">Not in it:</p><ul class="absent">${items.join('')}</ul>`;
}

const rowOf = ({ variant, column, verdict, reason, ms, wrong }: Row): string =>
  `<tr data-verdict="${verdict}" data-column="${escaped(column)}"><td>${escaped(variant)}${wrong.map((each) => `<div class="why">${escaped(each)}</div>`).join('')}<td class="${verdict}">${verdict}<td>${escaped(reason)}<td>${ms}</tr>`;

const worst = (rows: readonly Row[]): Row['verdict'] =>
  (['failed', 'differs', 'skipped'] as const).find((bad) => rows.some(({ verdict }) => verdict === bad)) ??
  'passed';

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] ?? letter,
  );

const style = `
:root{color-scheme:light dark;--good:#137333;--bad:#b3261e;--odd:#8a5a00;--line:#8884;--soft:#8881;--faint:#767676}
@media(prefers-color-scheme:dark){:root{--good:#81c995;--bad:#f2b8b5;--odd:#fdd663;--faint:#9a9a9a}}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:0 1rem 4rem}
header{position:sticky;top:0;background:Canvas;border-bottom:1px solid var(--line);padding:.5rem 0}
h1{font-size:1.3rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}p{margin:.25rem 0}
form{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem}select,input{font:inherit;max-width:100%}
.passed{color:var(--good)}.failed{color:var(--bad)}.differs{color:var(--odd)}.skipped,.absent{color:var(--faint)}.absent{font-size:.85rem;margin:.3rem 0}ul.absent{padding-left:1.2rem}
details{border:1px solid var(--line);border-left:4px solid;border-radius:4px;margin:.3rem 0;padding:.3rem .6rem}
summary{cursor:pointer;color:CanvasText}.cells{display:flex;flex-wrap:wrap;gap:.3rem;margin-top:.2rem}
.cell{font-size:.8rem;background:var(--soft);border-radius:3px;padding:0 .4rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.85rem;color:CanvasText}
th,td{text-align:left;vertical-align:top;padding:.15rem .6rem .15rem 0;border-top:1px solid var(--line)}
.why{color:var(--bad);overflow-wrap:anywhere}[hidden]{display:none}
@media(max-width:40rem){header{position:static}}
`;

const script = `
const form = document.forms[0];
function show() {
  const { chapter, verdict, column, text } = Object.fromEntries(new FormData(form));
  const sought = text.toLowerCase();
  for (const section of document.querySelectorAll('section')) {
    section.hidden = chapter !== '' && section.dataset.chapter !== chapter;
    if (section.hidden) continue;
    let any = false;
    for (const one of section.querySelectorAll('details')) {
      const inTitle = one.querySelector('summary').textContent.toLowerCase().includes(sought);
      let some = false;
      for (const row of one.querySelectorAll('tbody tr')) {
        const fits = (verdict === '' || row.dataset.verdict === verdict) && (column === '' || row.dataset.column === column)
          && (inTitle || row.textContent.toLowerCase().includes(sought));
        row.hidden = !fits;
        some ||= fits;
      }
      one.hidden = !some;
      any ||= some;
    }
    section.hidden = !any;
  }
}
form.addEventListener('input', show);
form.addEventListener('submit', (event) => event.preventDefault());
`;
