// What the keyboard can reach in the widgets of ours, for presser.py; `lab` is lab_driver.py's.
() => {
  const CONTROLS = "input, select, textarea, button, summary, a[href], [data-cell][tabindex='0']";
  const roots = [...document.querySelectorAll(".triad")];
  const usable = (node) => !node.disabled && node.checkVisibility();
  const within = (root) => [...root.querySelectorAll(CONTROLS)].filter(usable);
  const what = (node) => {
    const kind = node.dataset.cell ? "cell" : node.type ?? node.tagName.toLowerCase();
    return { kind, value: node.value ?? "", root: roots.indexOf(node.closest(".triad")),
      html: node.cloneNode(false).outerHTML.slice(0, 160) };
  };
  const mark = (node) => node.dataset.cell ? node.closest(".drawing") ?? node : node;  // a picture may be drawn anew
  let last;
  window.triad = {
    roots: () => roots.length,
    enter: (n) => { const [first] = within(roots[n]); first?.focus(); return Boolean(first); },
    here: () => (document.activeElement?.closest(".triad") ? what(document.activeElement) : null),
    pressed: () => { last = document.activeElement; mark(last).dataset.pressed = "true"; },
    back: () => last.focus(),  // a button may send the focus elsewhere, as "retry" does
    seen: () => mark(document.activeElement).dataset.pressed === "true",
    missed: (n) => within(roots[n]).filter((node) => mark(node).dataset.pressed !== "true").map((node) => what(node).html),
    told: () => ({busy: !lab.quiet() || roots.some((root) => root.getAttribute("aria-busy") === "true"),
      trouble: triad.trouble()}),
    trouble: () => roots.flatMap((root, n) => [...root.querySelectorAll(".trouble:not(:empty)")]
      .map((node) => `widget ${n}: ${node.textContent}`)),
  };
}
