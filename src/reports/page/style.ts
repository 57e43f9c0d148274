/** The sheet of the report's page. Its hash stands in the page's policy: no other style is obeyed. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#16202e;--muted:#5a6675;--rule:#dfe4ea;--soft:#f5f7f9;--good:#0b6b44;--bad:#a8281c;--series-1:#2a5bd7;--series-2:#d9822b;--series-3:#7a4fb0;--sandbox:#6d28d9;--test:#96470a}
@media (prefers-color-scheme:dark){:root{--paper:#11161d;--ink:#e6ebf1;--muted:#9aa7b5;--rule:#2b3541;--soft:#19212b;--good:#5fd39a;--bad:#ff9085;--series-1:#7da2ff;--series-2:#f0a959;--series-3:#b892ee}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
body{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.3rem;line-height:1.25;margin:0}
h3{font-size:1rem;margin:0;line-height:1.35}
p{margin:.25rem 0}
a{color:inherit}
.period{font-size:1.05rem}
.muted,.question,.method,figcaption p,footer{color:var(--muted)}
.banner{background:var(--test);color:#fff;padding:.6rem .9rem;border-radius:.4rem;font-weight:600;margin:0 0 1.25rem}
.banner.sandbox{background:var(--sandbox)}
.notes{margin:1rem 0;padding:.6rem .9rem .6rem 1.9rem;background:var(--soft);border-radius:.4rem}
nav{margin:1.25rem 0 0}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:0;padding:0}
section{margin-top:2.25rem;padding-top:1.5rem;border-top:1px solid var(--rule)}
.question{margin:.1rem 0 1rem}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(11.5rem,1fr));gap:.9rem 1.5rem;margin:1rem 0}
.figures div{min-width:0}
.figures dt{color:var(--muted);font-size:.875rem;line-height:1.35}
.figures dd{margin:.1rem 0 0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.25;overflow-wrap:anywhere}
.figures .words{font-size:1rem}
.glance dd{font-size:1.6rem}
.figures dd small{display:block;font-size:.8125rem;font-weight:400;color:var(--muted);line-height:1.4}
small span{display:inline-block;white-space:nowrap;margin-right:.5em}
.good{color:var(--good)}.bad{color:var(--bad)}
figure{margin:1.5rem 0 0}
figcaption p{font-size:.875rem;margin:.1rem 0 .4rem}
svg{display:block;width:100%;height:auto;font-size:12px}
.narrow{display:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.2rem 0 .3rem;padding:0;font-size:.875rem}
.legend li::before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:.15em;margin-right:.45em;background:var(--series-1)}
.legend .s2::before{background:var(--series-2)}.legend .s3::before{background:var(--series-3)}
.legend .lines::before{width:1.4em;height:0;border-radius:0;border-top:2px solid var(--series-1);background:none;vertical-align:.25em}
.legend .lines.s2::before{border-top:2px dashed var(--series-2)}
details{margin:.25rem 0 0;font-size:.875rem}
summary{cursor:pointer;color:var(--muted)}
.block{margin:1.5rem 0 0}
.scroll{overflow-x:auto;margin:.4rem 0 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .75rem .35rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
th{font-weight:600;color:var(--muted);white-space:nowrap}
td{overflow-wrap:anywhere;min-width:3.5rem}
th.number,td.number{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.left{font-size:.875rem;color:var(--muted)}
.method{font-size:.8125rem;margin-top:1.25rem}
.nothing{font-style:italic}
.failed{color:var(--bad);font-weight:600}
footer{margin-top:2.5rem;padding-top:1rem;border-top:1px solid var(--rule);font-size:.8125rem}
:focus-visible{outline:2px solid var(--series-1);outline-offset:2px}
@media (max-width:34rem){body{padding:1.25rem 1rem 2rem}.wide{display:none}.narrow{display:block}.figures{grid-template-columns:repeat(2,minmax(0,1fr));gap:.9rem 1rem}.figures dd{font-size:1.125rem}.glance dd{font-size:1.3rem}}
@page{margin:16mm 14mm}
@media print{
:root{color-scheme:light;--paper:#fff;--ink:#000;--muted:#444;--rule:#bbb;--soft:#f2f2f2;--good:#0b6b44;--bad:#a8281c;--series-1:#2a5bd7;--series-2:#d9822b;--series-3:#7a4fb0}
html{font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{max-width:none;padding:0}
nav,details{display:none}
.wide{display:block}.narrow{display:none}
section{margin-top:1.4rem;padding-top:1rem}
h2,h3,.question{break-after:avoid}
figure,.figures div,tr,.notes{break-inside:avoid}
thead{display:table-header-group}
.scroll{overflow:visible}
.block{break-inside:avoid}
.figures{grid-template-columns:repeat(4,minmax(0,1fr));gap:.6rem 1rem}
.figures dd{font-size:1.1rem}.glance dd{font-size:1.3rem}
}
`;
