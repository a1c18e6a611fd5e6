/// How the page looks, on light and on dark ground, wide, narrow and on paper.
enum ReportStyle {
  static let page: StaticString = """
    :root{--ground:#fff;--panel:#f6f7f9;--text:#1f2630;--faint:#5b6470;--rule:#dde1e7;--link:#0068ad;--warn:#8a4b00;--warnground:#fff6e5}
    @media (prefers-color-scheme:dark){:root{--ground:#15181d;--panel:#1d2127;--text:#e3e6ea;--faint:#a3abb8;--rule:#343a43;
    --link:#55b4ff;--warn:#ffc873;--warnground:#2c2416}}
    *{box-sizing:border-box}
    html{background:var(--ground);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    body{max-width:72rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
    h1{font-size:1.7rem;line-height:1.2;margin:0 0 .4rem;overflow-wrap:anywhere}
    h2{font-size:1.25rem;margin:2.4rem 0 .7rem;padding-top:.9rem;border-top:1px solid var(--rule)}
    h3{font-size:1rem;margin:1.5rem 0 .5rem}
    p{margin:.5rem 0;max-width:52rem}
    .lead{color:var(--faint)}
    .verdict{font-size:1.1rem}
    .note,caption,footer{color:var(--faint);font-size:.875rem}
    caption{text-align:left;padding:.3rem 0}
    nav{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin-top:.9rem;font-size:.95rem}
    a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
    .warnings{list-style:none;margin:.8rem 0;padding:.6rem .9rem;background:var(--warnground);color:var(--warn);border-radius:.4rem;
    overflow-wrap:anywhere}
    .wide{overflow-x:auto;margin:.6rem 0}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
    th,td{padding:.32rem 1.2rem .32rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
    td{max-width:34rem;overflow-wrap:break-word}td code,.number{white-space:nowrap}
    thead th{color:var(--faint);font-weight:600;white-space:nowrap;border-bottom-width:2px;vertical-align:bottom}
    tbody th{font-weight:500;white-space:nowrap}
    .number{text-align:right}
    .best{font-weight:700}.second{text-decoration:underline;text-underline-offset:.2em}
    .state{padding:.05rem .5rem;border-radius:1rem;background:var(--panel);font-size:.85em;white-space:nowrap}
    .failed,.interrupted{background:var(--warnground);color:var(--warn)}
    code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85em}
    pre{background:var(--panel);padding:.8rem 1rem;border-radius:.4rem;overflow-x:auto;line-height:1.45;tab-size:4}
    details{margin:.6rem 0}summary{cursor:pointer;color:var(--link)}
    .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem}
    figure{margin:0;background:var(--panel);border-radius:.5rem;padding:.5rem .6rem}
    figure svg{display:block;width:100%;height:auto}
    dl{display:grid;grid-template-columns:fit-content(18rem) 1fr;gap:.15rem 1rem;font-size:.9rem;margin:.5rem 0}
    dt{color:var(--faint);overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
    footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--rule)}
    @media (max-width:36rem){body{padding:1rem .8rem 2rem}h1{font-size:1.4rem}dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
    @media print{nav{display:none}figure{break-inside:avoid}}

    """
}
