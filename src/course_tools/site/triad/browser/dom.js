// What the page is drawn with: elements, controls, a guess before a result, bars, grids, tokens.

/** An element; on… are listeners, what the element knows are properties, the rest attributes. */
export function el(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === undefined) continue;
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return made;
}

/** A language as HTML writes it, and the other one of the two. */
export const tag = (lang) => ({ ja: "ja", "zh-tw": "zh-Hant-TW" })[lang];
export const other = (lang) => (lang === "ja" ? "zh-tw" : "ja");

/** Text of a language that may not be the page's. */
export const span = (lang, text) => el("span", { lang: tag(lang) }, text);

/** A labelled list of choices; options: [[value, text, language if it may not be the page's], …].  Its value is a string. */
export function choice(label, options, value, hear) {
  const select = el("select", { onchange: () => hear(select.value) },
    options.map(([own, text, lang]) => el("option", { value: own, lang: tag(lang), selected: `${own}` === `${value}` }, text)));
  return el("label", { className: "control" }, el("span", {}, label), select);
}

/** A labelled slider that says its value. */
export function slider(label, { min, max, step, value, shown }, hear) {
  const said = el("output", {}, shown(value));
  const input = el("input", { type: "range", min, max, step, oninput: () => { said.textContent = shown(Number(input.value)); hear(Number(input.value)); } });
  input.value = value;
  return el("label", { className: "control" }, el("span", {}, label, " ", said), input);
}

export const button = (text, onclick, given = {}) => el("button", { type: "button", onclick, ...given }, text);

/** Put other children into a place; a control that has the focus gives it to the one that follows it. */
export function refill(place, ...children) {
  const controls = () => [...place.querySelectorAll("select, input, button")];
  const focused = controls().indexOf(document.activeElement);
  place.replaceChildren(...children);
  controls()[focused]?.focus();
}

let asked = 0;

/** Ask for a guess; the result is shown only then.  options: {key: text}; several: more than one may be right, or "none" alone.
    judged(): is there anything to guess?  measure() draws the result and returns the key (or the keys) that is right.
    Returns what begins anew, which a changed question calls: no guess is judged by another question's result. */
export function ask(place, say, { question, options, several = false, judged = () => true, measure }) {
  const name = `guess-${asked++}`, type = several ? "checkbox" : "radio";
  const inputs = Object.entries(options).map(([value]) => el("input", { type, name, value, onchange: ({ target }) => chosen(target) }));
  const guessed = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const said = (keys) => keys.map((key) => options[key]).join(say("comma"));
  const legend = el("legend"), hint = el("span", { className: "note" }, say("pick_first"));
  const choices = el("div", {}, inputs.map((input) => el("label", {}, input, el("span", {}, options[input.value]))));
  const verdict = el("p", { className: "verdict", role: "status", tabIndex: -1 }), result = el("div", { className: "result" });
  const look = button(say("look"), () => open(guessed()), { className: "main" });
  const doors = el("p", { className: "doors" }, look, button(say("look_without"), () => open(null)), hint);
  const chosen = ({ value, checked }) => {
    for (const other of inputs) if (several && checked && (value === "none") !== (other.value === "none")) other.checked = false;
    verdict.textContent = "";
    ready();
  };
  const ready = () => { hint.hidden = !judged() || guessed().length > 0; look.disabled = !guessed().length; };
  const lock = (locked) => {
    result.hidden = !locked;
    doors.hidden = locked;
    for (const input of inputs) input.disabled = locked;
  };
  const open = (guess) => {
    const right = [measure(result)].flat(), hit = guess && guess.length === right.length && right.every((key) => guess.includes(key));
    verdict.textContent = say(guess ? (hit ? "guess_right" : "guess_wrong") : "guess_none", { right: said(right), guess: said(guess ?? []) });
    lock(true);
    verdict.focus();
  };
  const anew = () => {
    const before = verdict.textContent || guessed().length;
    verdict.textContent = before && judged() ? say("guess_anew") : "";
    for (const input of inputs) input.checked = false;
    legend.textContent = judged() ? question : say("guess_nothing");
    choices.hidden = look.hidden = !judged();
    lock(false);
    ready();
  };
  place.append(el("fieldset", { className: "guess-first" }, legend, choices, doors), verdict, result);
  anew();
  return anew;
}

/** Bars with their numbers: [{name (a text or nodes), p, mark}], p between 0 and 1; signed numbers stand on either side of a line at 0. */
export function bars(rows, label) {
  const low = Math.min(0, ...rows.map(({ p }) => p)), high = Math.max(low < 0 ? 0 : 1, ...rows.map(({ p }) => p));
  const percent = (share) => `${((100 * share) / (high - low)).toFixed(1)}%`;
  const bar = (p) => el("i", { className: p < 0 ? "negative" : "", style: `inline-size:${percent(Math.abs(p))};margin-inline-start:${percent(Math.min(p, 0) - low)}` });
  const zero = () => low < 0 && el("u", { style: `inset-inline-start:${percent(-low)}` });
  return el("ul", { className: "bars", "aria-label": label }, rows.map(({ name, p, said = p.toFixed(2), mark }) =>
    el("li", mark ? { className: "marked" } : {}, el("span", { className: "name" }, name),
      el("span", { className: "bar", "aria-hidden": "true" }, bar(p), zero() || null), el("span", { className: "number" }, said))));
}

/** A table with a header row, in a box that scrolls. */
export function table(head, rows, label) {
  const cells = (tag, row) => el("tr", {}, row.map((cell) => el(tag, tag === "th" ? { scope: "col" } : {}, cell)));
  return el("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": label },
    el("table", {}, el("thead", {}, cells("th", head)), el("tbody", {}, rows.map((row) => cells("td", row)))));
}

/** Tokens in a row, each with a number below, in a language; level 0 to 3: how strongly it is lit; mark: it was exchanged. */
export function tokens(items, label, lang) {
  return el("ol", { className: "tokens", "aria-label": label }, items.map(({ name, said, level, mark }) =>
    el("li", { "data-level": level, className: mark ? "marked" : "" }, el("b", { lang: tag(lang) }, name), el("span", {}, said))));
}

const LONG = 10, SMALLEST = 0.95; // of a label, and how far a grid may shrink: 9.5 pixels
const SVG = "http://www.w3.org/2000/svg";
function drawn(name, given, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Weights as squares: the darker, the larger (by the root, else small ones look like none); a cross where a token does not see.
    rows, columns: names, in their languages (langs); weights[row][column]; sees(row, column); hear(row) when a row is chosen. */
export function grid({ rows, columns, langs, weights, sees, chosen, label, hear }) {
  const size = 14, left = 48, top = 48, width = left + size * columns.length + 1, height = top + size * rows.length + 1;
  const made = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "grid", style: `min-inline-size:${width * SMALLEST}px;max-inline-size:${width * 1.25}px` });
  columns.forEach((name, s) => made.append(word(name, left + size * (s + 0.5), top - 3, true, langs[1])));
  rows.forEach((name, t) => {
    const line = drawn("g", { class: t === chosen ? "row chosen" : "row" });
    line.append(drawn("rect", { class: "line", x: 0, y: top + size * t, width, height: size }), word(name, left - 3, top + size * (t + 0.75), false, langs[0]));
    columns.forEach((_, s) => line.append(cell(left + size * s, top + size * t, size, sees(t, s) ? weights[t][s] : null)));
    line.addEventListener("click", () => hear(t));
    made.append(line);
  });
  return el("div", { className: "wide", tabIndex: 0, role: "region", "aria-label": label }, made);
}

function word(text, x, y, upright, lang) {
  const long = [...text].length > 1, turn = upright && long ? { transform: `rotate(-90 ${x} ${y})`, "text-anchor": "start", x: x, y: y + 3 } : { "text-anchor": upright ? "middle" : "end", x, y };
  return drawn("text", { lang: tag(lang), "font-size": long ? LONG : 11, ...turn }, text);
}

/** How strongly a weight is lit. */
export const opacity = (weight) => Math.sqrt(weight).toFixed(3);

function cell(x, y, size, weight) {
  if (weight === null) return drawn("path", { class: "unseen", d: `M${x + 5} ${y + 5}l4 4m0 -4l-4 4` });
  return drawn("rect", { class: "weight", x: x + 0.5, y: y + 0.5, width: size - 1, height: size - 1, "fill-opacity": opacity(weight) });
}
