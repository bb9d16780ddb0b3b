// Marking by keyboard: points, comments of the bank, saving.  What a student wrote is only text.
"use strict";

const words = JSON.parse(document.body.dataset.words);
const say = (text) => { document.getElementById("said").textContent = text; };

async function post(url, data) {
  try {
    const reply = await fetch(url, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(data),
    });
    return [reply.status, reply.headers.get("Content-Type")?.startsWith("application/json")
      ? await reply.json() : {}];
  } catch {
    return [0, {}];
  }
}

function marking(desk) {
  const saved = JSON.parse(desk.dataset.save);
  const form = document.getElementById("marks");
  const boxes = [...form.querySelectorAll("input.points")];
  const comment = document.getElementById("comment");
  const bank = [...document.querySelectorAll("#bank button")];
  const used = new Set(saved.used);
  let [dirty, busy, came] = [false, false, boxes[0]];

  const number = (box) => {
    const text = box.value.normalize("NFKC").replace(",", ".").trim();
    if (!text) return null;
    const value = /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : NaN;
    return value >= 0 && value <= Number(box.dataset.most) ? value : NaN;
  };
  const show = () => {
    const given = boxes.map(number);
    boxes.forEach((box, n) => {
      if (Number.isNaN(given[n])) box.setAttribute("aria-invalid", "true");
      else box.removeAttribute("aria-invalid");
    });
    const whole = given.every((points) => points !== null && !Number.isNaN(points));
    document.getElementById("total").textContent =
      whole ? String(Number(given.reduce((a, b) => a + b, 0).toFixed(6))) : "–";
  };
  const change = () => { dirty = true; say(""); show(); };

  async function save() {
    if (busy) return false;
    const points = boxes.map(number);
    const wrong = points.findIndex(Number.isNaN);
    if (wrong >= 0) {
      say(words.mark_not_a_number.replace("{most}", boxes[wrong].dataset.most));
      boxes[wrong].focus();
      return false;
    }
    busy = true;
    const sent = {...saved, points, comment: comment.value, used: [...used]};
    const [status, reply] = await post("/save", sent);
    busy = false;
    if (status === 200) {
      dirty = false;
      saved.revision = reply.revision;
      say(words.mark_saved);
      return true;
    }
    if (status === 409 && reply.conflict === "changed") {  // boxes and comment stay as they are
      document.getElementById("text").textContent = reply.text;
      say(words.mark_changed);
    } else if (status === 409 && reply.conflict === "overtaken") {
      say(words.mark_overtaken.replace("{points}", reply.given ?? "–"));
    } else {
      say(status === 404 ? words.mark_gone : words.mark_not_saved);
    }
    if (status === 409) {  // what is typed stays; the marker reads, goes back, and saves again
      Object.assign(saved, {answer: reply.answer, revision: reply.revision});
      document.getElementById("text").focus();
    }
    dirty = true;
    return false;
  }
  async function go(rel, always = false) {
    if ((dirty || always) && !(await save())) return;
    const link = rel === "unmarked" ? document.getElementById(rel)
      : document.querySelector(`nav a[rel=${rel}]`);
    location.href = link.href;
  }
  function insert(button) {
    const text = button.dataset.text;
    const before = comment.value.trimEnd();
    if (!before.includes(text)) comment.value = before ? `${before}\n${text}` : text;
    used.add(button.dataset.id);
    change();
    came.focus();
  }
  function step(box, by) {
    const now = number(box), most = Number(box.dataset.most);
    box.value = String(Math.min(most, Math.max(0, (now || 0) + by)));
    change();
  }

  boxes.forEach((box, n) => {
    box.addEventListener("focus", () => { came = box; box.select(); });
    box.addEventListener("input", change);
    box.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const act = {
        Enter: () => n + 1 < boxes.length ? boxes[n + 1].focus() : go("unmarked", true),
        ArrowUp: () => step(box, 0.5), ArrowDown: () => step(box, -0.5),
        n: () => go("next"), p: () => go("prev"), u: () => go("unmarked"), s: () => save(),
        c: () => comment.focus(), b: () => bank.find((one) => !one.disabled)?.focus(),
        t: () => document.getElementById("text").focus(),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      if (!event.repeat || event.key.startsWith("Arrow")) act();  // a key that is held saves once
    });
  });
  comment.addEventListener("focus", () => { came = comment; });
  comment.addEventListener("input", change);
  bank.forEach((button, n) => {
    button.addEventListener("click", () => insert(button));
    button.addEventListener("keydown", (event) => {
      const free = bank.filter((one) => !one.disabled), at = free.indexOf(button);
      const digit = /^[1-9]$/.test(event.key) ? bank[Number(event.key) - 1] : null;
      if (digit && !digit.disabled) { event.preventDefault(); insert(digit); }
      const by = {ArrowDown: 1, ArrowUp: -1}[event.key];
      if (by) { event.preventDefault(); free[(at + by + free.length) % free.length].focus(); }
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") boxes[0].focus();
    if (event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    if (!event.repeat) go("unmarked", true);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  document.querySelector("header nav").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !dirty || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    save().then((done) => { if (done) location.href = link.href; });
  });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
  show();
  boxes[0].focus();
}

function banking(form) {
  const send = async (data) => {
    const [status, reply] = await post("/bank", {id: form.dataset.id, ...data});
    if (status === 200) location.reload();
    else say(reply.reason ?? words.mark_not_saved);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const {lesson, ...texts} = Object.fromEntries(new FormData(form));
    send({lesson, texts});
  });
  form.querySelector(".remove")?.addEventListener("click", () => send({remove: true}));
}

const desk = document.querySelector("main.desk");
if (desk) marking(desk);
document.querySelectorAll("form.entry").forEach(banking);
