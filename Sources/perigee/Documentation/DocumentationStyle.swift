/// How a page looks: one column for reading, the contents beside it, or behind a word where the screen is narrow.
enum DocumentationStyle {
  static let text = """

    :root {
      --paper: #fff; --ink: #1d2430; --soft: #5b6575; --line: #dfe3ea; --field: #f5f7fa; --link: #1f5fbf; --mark: #fff3c4;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14181f; --ink: #dde3ec; --soft: #98a3b3; --line: #2b323d; --field: #1c222b; --link: #7fb2ff; --mark: #4a3f14;
      }
    }
    * { box-sizing: border-box; }
    html { scroll-padding-top: 4.5rem; }
    body {
      margin: 0; display: grid; grid-template: "header header" auto "nav main" 1fr / 16rem minmax(0, 1fr);
      min-height: 100vh; background: var(--paper); color: var(--ink);
      font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
    }
    a { color: var(--link); text-decoration: none; }
    a:hover, a:focus-visible { text-decoration: underline; }
    header {
      grid-area: header; position: sticky; top: 0; z-index: 2; display: flex; align-items: center; gap: 1.5rem;
      padding: .6rem 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line);
    }
    .home { font-weight: 700; font-size: 1.1rem; color: var(--ink); }
    .search { position: relative; flex: 1; max-width: 34rem; }
    #search {
      width: 100%; padding: .45rem .7rem; border: 1px solid var(--line); border-radius: .4rem;
      background: var(--field); color: inherit; font: inherit;
    }
    #found {
      position: absolute; left: 0; right: 0; margin: .3rem 0; padding: .3rem; max-height: 70vh; overflow: auto; list-style: none;
      background: var(--paper); border: 1px solid var(--line); border-radius: .4rem; box-shadow: 0 .5rem 1.5rem #0004;
    }
    #found a { display: block; padding: .3rem .5rem; border-radius: .3rem; color: var(--soft); font-size: .9rem; }
    #found a code { color: var(--link); }
    #found a:hover, #found a:focus { background: var(--field); text-decoration: none; }
    #menu, .menu { display: none; }
    nav {
      grid-area: nav; position: sticky; top: 3.6rem; height: calc(100vh - 3.6rem); overflow: auto; padding: 1rem 1.5rem 3rem;
      border-right: 1px solid var(--line); font-size: .92rem;
    }
    nav h2 { margin: 1.2rem 0 .3rem; padding: 0; border: 0; font-size: .78rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
    nav ul { margin: 0; padding: 0; list-style: none; }
    nav a { display: block; padding: .12rem .5rem; margin: 0 -.5rem; border-radius: .3rem; overflow-wrap: anywhere; }
    nav a[aria-current] { background: var(--field); color: var(--ink); font-weight: 600; }
    main { grid-area: main; padding: 1.5rem 2.5rem 40vh; max-width: 72rem; overflow-wrap: break-word; }
    h1 { margin: .2rem 0 1rem; font-size: 1.9rem; line-height: 1.2; }
    h2 { margin: 2.8rem 0 .8rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.25rem; }
    h3 { margin: 2.2rem 0 .6rem; font-size: 1.08rem; }
    h1 code, h2 code, h3 code { padding: 0; background: none; font-size: 1em; }
    :is(h2, h3):has(> a:target) { background: var(--mark); }
    main > :is(p, ul, ol) { max-width: 50rem; }
    code, pre { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
    code { padding: .1em .3em; border-radius: .25rem; background: var(--field); font-size: .88em; }
    pre {
      padding: .8rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; background: var(--field);
      font-size: .86rem; line-height: 1.5;
    }
    pre:has(> .language-text) { background: none; }
    pre code { padding: 0; background: none; font-size: inherit; }
    :is(h2, h3) + pre { border-left: 3px solid var(--link); white-space: pre-wrap; }
    table { width: 100%; margin: 1rem 0; border-collapse: collapse; font-size: .92rem; }
    th { text-align: left; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
    thead:has(th:first-child:empty) { display: none; }
    th, td { padding: .4rem .9rem .4rem 0; vertical-align: top; }
    td { border-bottom: 1px solid var(--line); }
    td:last-child { min-width: 16rem; }
    @media (max-width: 52rem) {
      body { display: block; }
      header { gap: .8rem; padding: .5rem 1rem; }
      .menu { display: block; color: var(--link); cursor: pointer; }
      nav { display: none; position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); padding: .5rem 1rem 1.5rem; }
      #menu:checked ~ nav { display: block; }
      main { padding: 1rem 1rem 30vh; }
      h1 { font-size: 1.5rem; }
      table, tbody, tr, td { display: block; }
      thead { display: none; }
      tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
      td { padding: 0; border: 0; }
      td:nth-child(2):not(:last-child), td:nth-child(3):not(:last-child) { display: inline; color: var(--soft); font-size: .88rem; }
      td:nth-child(3):not(:last-child)::before { content: " · "; }
    }
    @media print { header, nav { display: none; } body { display: block; } }

    """
}
