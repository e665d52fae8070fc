"""Style sheet of the report: light and dark, on screen and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --ink: #1b2330; --soft: #5d6878; --line: #dde1e7;
  --accent: #0a7f6f; --accent-soft: #0a7f6f22; --forced: #c77700; --cut: #d63a2f; --bar: #4f7fd1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1b212a; --ink: #e7ebf1; --soft: #97a3b4; --line: #2c3541;
    --accent: #36c5ae; --accent-soft: #36c5ae2b; --forced: #f0a53a; --cut: #ff7367; --bar: #7ba6f0;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 32px 24px 64px; max-width: 1240px; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
h1 { margin: 0; font-size: 27px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 4px; font-size: 19px; }
p { margin: 4px 0 14px; color: var(--soft); max-width: 84ch; overflow-wrap: anywhere; }
a { color: inherit; }
.panel {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px;
  overflow-x: auto;
}
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 18px; }
.figure b { display: block; font-size: 27px; line-height: 1.25; font-weight: 650;
  font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: 13.5px; }
.figure i { display: block; height: 5px; margin-top: 9px; border-radius: 3px;
  background: linear-gradient(90deg, var(--accent) var(--part), var(--line) var(--part)); }
svg.timeline { display: block; width: 100%; min-width: 760px; height: auto; }
svg .lane { fill: var(--page); }
svg polyline { fill: none; stroke: var(--bar); stroke-width: 1.4; stroke-linejoin: round; }
svg .area { fill: var(--bar); opacity: .16; }
svg .floor { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 4; }
svg .mark { stroke: var(--accent); stroke-width: 1.6; opacity: .85; }
svg .mark.forced { stroke: var(--forced); stroke-dasharray: 6 3; }
svg .touch { stroke: transparent; stroke-width: 9; }
svg a:hover .mark, svg a:focus .mark { stroke-width: 4; }
svg .ticks line { stroke: var(--ink); stroke-width: 2.2; opacity: .6; }
svg .axis { stroke: var(--soft); }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
svg .name { fill: var(--ink); font-size: 13px; font-weight: 600; text-anchor: end; }
svg .tick { text-anchor: end; }
svg .time { text-anchor: middle; }
.key { display: flex; flex-wrap: wrap; gap: 6px 22px; margin: 12px 0 0; color: var(--soft);
  font-size: 13.5px; }
.key span::before { content: ""; display: inline-block; width: 18px; height: 0; margin-right: 8px;
  vertical-align: middle; border-top: 3px solid var(--of); }
.key .dashed::before { border-top-style: dashed; }
.key.classes span::before { width: 13px; height: 13px; border: 1px solid var(--soft);
  background: var(--of); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: 14px; }
th { text-align: right; font-weight: 600; color: var(--soft); padding: 4px 10px 8px;
  vertical-align: bottom; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 170px; }
td small { display: block; color: var(--soft); font-size: 12.5px; }
tr.ours td { background: var(--accent-soft); font-weight: 650; }
tr.bound td { color: var(--soft); font-style: italic; }
td .meter { display: inline-block; width: 120px; height: 10px; border-radius: 3px;
  background: linear-gradient(90deg, var(--of, var(--bar)) var(--part), var(--page) var(--part)); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(266px, 1fr)); gap: 16px;
  margin-top: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  overflow: hidden; display: flex; flex-direction: column; break-inside: avoid; }
.card:target { outline: 3px solid var(--accent); }
.card img { display: block; width: 100%; height: auto; }
.card div { padding: 10px 14px 13px; }
.card h3 { margin: 0; font-size: 14.5px; display: flex; justify-content: space-between; gap: 8px;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.card p { margin: 5px 0 8px; font-size: 13px; line-height: 1.4; }
.badge { align-self: flex-start; margin: 0; padding: 1px 9px; border-radius: 9px; font-size: 12px;
  font-weight: 600; color: #fff; background: var(--accent); white-space: nowrap; }
.badge.forced { background: var(--forced); }
@media (prefers-color-scheme: dark) { .badge { color: #10161c; } }
dl { display: grid; grid-template-columns: auto 1fr auto; gap: 3px 9px; margin: 0;
  font-size: 12.5px; align-items: center; font-variant-numeric: tabular-nums; }
dt { color: var(--soft); }
dl i { height: 6px; border-radius: 3px;
  background: linear-gradient(90deg, var(--of, var(--bar)) var(--part), var(--line) var(--part)); }
dd { margin: 0; text-align: right; }
.small { grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 10px; }
.small .card div { padding: 5px 10px 7px; font-size: 12.5px; color: var(--soft);
  display: flex; justify-content: space-between; }
.poor { color: var(--cut); font-weight: 600; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 16px; }
.columns h2 { margin-top: 40px; }
footer { margin-top: 44px; color: var(--soft); font-size: 13px; }
@media print { body { max-width: none; padding: 0; } .panel { break-inside: avoid; } }
@media (max-width: 560px) { .columns { grid-template-columns: 1fr; } }
"""
