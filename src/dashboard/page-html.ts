/** The page. Its colours are named here once, for light and for dark; the canvas reads them from the style. */
export const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>rx-tinyproto, live</title>
<link rel="icon" href="data:,">
<style>
:root {
  color-scheme: light dark;
  --ground: light-dark(#fff, #0d1117); --stripe: light-dark(#f6f8fa, #151b23); --ink: light-dark(#1f2328, #e6edf3);
  --faint: light-dark(#59636e, #9198a1); --line: light-dark(#d1d9e0, #3d444d); --accent: light-dark(#0969da, #58a6ff);
  --in: light-dark(#0969da, #58a6ff); --out: light-dark(#1a7f37, #3fb950); --flow: light-dark(#9a6700, #d29922); --error: light-dark(#cf222e, #f85149);
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; font: 14px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
header { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: center; padding: .6rem .8rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1rem; margin: 0; }
dl { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 0; font-variant-numeric: tabular-nums; }
dl div { display: flex; gap: .35rem; } dt { color: var(--faint); } dd { margin: 0; min-width: 2.5ch; }
#sampled, #said { color: var(--flow); } #sampled:empty, #said:empty { display: none; }
[hidden] { display: none !important; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; margin-left: auto; align-items: center; }
button, select { font: inherit; color: inherit; background: var(--stripe); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .7rem; min-height: 2rem; cursor: pointer; }
button.still { background: var(--accent); border-color: var(--accent); color: var(--ground); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
#rows:focus-visible { outline: none; }
main:has(#rows:focus-visible) { outline: 2px solid var(--accent); z-index: 1; }
main { flex: 1; min-height: 8rem; position: relative; overflow-y: auto; display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr; align-items: start; }
#rows { list-style: none; margin: 26px 0 0; padding: 0; border-right: 1px solid var(--line); }
#rows li { height: 28px; line-height: 28px; padding: 0 .6rem; font: 12px/28px ui-monospace, monospace; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; cursor: pointer; }
#rows li.odd { background: var(--stripe); }
#rows li[aria-selected=true] { box-shadow: inset 3px 0 var(--accent); font-weight: 600; }
#rows li.over { color: var(--faint); text-decoration: line-through; } #rows li.failed { color: var(--error); }
canvas { position: sticky; top: 0; display: block; width: 100%; touch-action: pan-y; cursor: crosshair; }
#empty { grid-column: 1 / -1; padding: 3rem 1rem; text-align: center; color: var(--faint); }
footer { border-top: 1px solid var(--line); padding: .5rem .8rem; display: grid; gap: .4rem; }
#scrub { width: 100%; margin: 0; accent-color: var(--accent); min-height: 1.5rem; }
#detail { display: flex; flex-wrap: wrap; gap: 0 1rem; min-height: 4.7em; align-content: start; }
#detail pre { margin: 0; font: 12px/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; flex: 1 1 24rem; max-height: 5.3em; overflow: auto; }
#legend { color: var(--faint); font-size: 12px; display: flex; flex-wrap: wrap; gap: 0 .9rem; }
#legend i { font-style: normal; font-weight: 700; }
#legend .in { color: var(--in); } #legend .out { color: var(--out); } #legend .flow { color: var(--flow); } #legend .error { color: var(--error); }
@media (max-width: 40rem) {
  body { font-size: 13px; } nav { margin-left: 0; width: 100%; } nav button, nav select { flex: 1; }
  nav button, nav select { padding: .3rem .4rem; white-space: nowrap; }
  main { grid-template-columns: 7.5rem 1fr; } #rows li { padding: 0 .35rem; font-size: 11px; } #keys { display: none; } #detail { min-height: 6.4em; }
}
@media (max-height: 30rem) {
  header, footer { padding-block: .25rem; } #keys { display: none; }
  #detail { min-height: 2.8em; } #detail pre { max-height: 2.8em; }
}
@media (forced-colors: active) {
  :root {
    --ground: Canvas; --stripe: Canvas; --ink: CanvasText; --faint: CanvasText; --line: GrayText; --accent: Highlight;
    --in: LinkText; --out: CanvasText; --flow: GrayText; --error: CanvasText;
  }
  #empty { forced-color-adjust: none; }
  #rows li[aria-selected=true], button.still { background: Highlight; color: HighlightText; forced-color-adjust: none; }
}
</style>
</head>
<body>
<header>
  <h1>rx-tinyproto, live</h1>
  <dl>
    <div><dt>connections</dt><dd id="open">0</dd></div>
    <div><dt>in</dt><dd id="in">0/s</dd></div>
    <div><dt>out</dt><dd id="out">0/s</dd></div>
    <div><dt>errors</dt><dd id="errors">0</dd></div>
  </dl>
  <span id="sampled"></span>
  <span id="said" role="status">Connecting…</span>
  <nav aria-label="View">
    <button id="pause">Pause</button>
    <select id="span" aria-label="Time shown"><option value="5000">5 s</option><option value="15000" selected>15 s</option><option value="30000">30 s</option></select>
    <button id="svg" aria-label="Save as SVG">SVG</button>
    <button id="spec" aria-label="Save as marble spec">Spec</button>
  </nav>
</header>
<main>
  <p id="empty">Nobody is here yet.</p>
  <ul id="rows" role="listbox" tabindex="0" aria-label="Connections. Up and down choose one, left and right a marble of it."></ul>
  <canvas id="lanes" role="img" aria-label="Marbles of each connection over time"></canvas>
</main>
<footer>
  <input id="scrub" type="range" min="0" max="1000" value="1000" step="1" aria-label="Time: left is earlier">
  <div id="detail" role="status" aria-live="polite"></div>
  <div id="legend"><span><i class="in">●</i> in</span><span><i class="out">○</i> out</span><span><i class="flow">▬</i> held</span><span><i class="flow">▁</i> paused</span><span><i>|</i> closed</span><span><i class="error">✕</i> error</span><span id="keys">Space pauses · arrows choose · Home and End jump · Esc goes live</span></div>
</footer>
<script type="module" src="/page.js"></script>
</body>
</html>
`;
