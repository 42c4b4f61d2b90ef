extension HTMLReport {
  /// The style sheet: both colour schemes, narrow and wide windows, print.
  static let style: StaticString = """

    :root { color-scheme: light dark; --back: #fff; --front: #1b1f24; --faint: #59636e; --line: #d1d9e0; --soft: #f4f6f8;
      --error: #b3261e; --warning: #8a5a00; --note: #0a62a8; --good: #1a7f37; --accent: #0a62a8;
      --error-soft: #fde9e7; --warning-soft: #fff3d6; --note-soft: #e3f0fb; --good-soft: #e2f5e6; }
    @media (prefers-color-scheme: dark) { :root { --back: #12161b; --front: #e4e9ee; --faint: #9aa6b2; --line: #343c46;
      --soft: #1b2128; --error: #ff8a80; --warning: #f0b95c; --note: #7cc0ff; --good: #6fd38a; --accent: #7cc0ff;
      --error-soft: #3b1d1b; --warning-soft: #352a12; --note-soft: #14293d; --good-soft: #15301d; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--back); color: var(--front); font: 15px/1.5 system-ui, sans-serif; }
    main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
    h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
    h3 { font-size: 1rem; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
    p { margin: .25rem 0; } a { color: var(--accent); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
    .faint { color: var(--faint); }
    .chips { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0; list-style: none; }
    .chip { padding: .2rem .7rem; border-radius: 1rem; border: 1px solid var(--line); white-space: nowrap; }
    .error { color: var(--error); } .warning { color: var(--warning); } .note { color: var(--note); }
    .good { color: var(--good); } .chip.error { background: var(--error-soft); border-color: var(--error); }
    .chip.warning { background: var(--warning-soft); border-color: var(--warning); }
    .chip.note { background: var(--note-soft); border-color: var(--note); }
    .chip.good { background: var(--good-soft); border-color: var(--good); }
    .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
    tr:last-child > * { border-bottom: 0; } thead th { background: var(--soft); }
    tbody th { font-weight: 400; white-space: nowrap; } td.status { white-space: nowrap; }
    td.status a { color: inherit; } td.open { background: var(--good-soft); color: var(--good); }
    td.blocked { background: var(--error-soft); color: var(--error); font-weight: 600; }
    td.partial { background: var(--warning-soft); color: var(--warning); font-weight: 600; }
    td.undecided { background: var(--note-soft); color: var(--note); } td.not-applicable { color: var(--faint); }
    article { border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 6px; margin: .75rem 0;
      padding: .75rem 1rem; } article.error { border-left-color: var(--error); }
    article.warning { border-left-color: var(--warning); } article.note { border-left-color: var(--note); }
    article > * { color: var(--front); } article .head { display: flex; flex-wrap: wrap; gap: .2rem .6rem;
      align-items: baseline; font-size: .9rem; } article .head .error { color: var(--error); }
    article .head .warning { color: var(--warning); } article .head .note { color: var(--note); }
    .place { overflow-wrap: anywhere; } :target { outline: 2px solid var(--accent); outline-offset: 2px; }
    pre { background: var(--soft); border-radius: 4px; padding: .5rem .75rem; margin: .5rem 0; overflow-x: auto; }
    pre .number { color: var(--faint); user-select: none; }
    mark { background: var(--error-soft); color: inherit; border-bottom: 2px solid var(--error); }
    .warning mark { background: var(--warning-soft); border-color: var(--warning); }
    .note mark { background: var(--note-soft); border-color: var(--note); }
    dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem .9rem; margin: .5rem 0 0; }
    dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
    dd pre { margin: .1rem 0 0; white-space: pre-wrap; }
    details > summary { cursor: pointer; padding: .3rem 0; } figure { margin: 0 0 1.5rem; }
    figcaption { margin-bottom: .4rem; overflow-wrap: anywhere; }
    .chart { display: block; font: 12px ui-monospace, monospace; }
    .box rect { fill: var(--soft); stroke: var(--faint); } .box text { fill: var(--faint); }
    .box .name { fill: var(--front); font-weight: 600; } .base rect { stroke: var(--accent); stroke-width: 2; }
    .dead rect { stroke-dasharray: 4 3; stroke: var(--line); } .dead .name { fill: var(--faint); font-weight: 400; }
    .call path { fill: none; stroke: var(--faint); } .call .tip { fill: var(--faint); stroke: none; }
    .goto path { stroke-dasharray: 5 3; }
    @media (max-width: 40rem) { main { padding: 1rem .75rem 3rem; } th, td { padding: .25rem .45rem; font-size: .85rem; }
      article { padding: .6rem .7rem; } dl { grid-template-columns: minmax(0, 1fr); } dt { margin-top: .35rem; } }
    @media print { .scroll { overflow: visible; } article { break-inside: avoid; } }

    """
}
