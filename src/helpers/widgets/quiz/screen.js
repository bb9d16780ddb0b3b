// Draws what Python says and reports what the student does.  Nothing is judged here.
// Messages: widgets/base/messages.py (QuizMessage; QuestionShown, AttemptShown).

// The answer's controls: how to read them, how to set them.
const choiceControls = (question, { name }) => {
  const type = question.control;
  const inputs = question.choices.map(() => keepKeys(make("input", { type, name })));
  const labels = question.choices.map((text, i) =>
    make("label", {}, inputs[i], make("span", {}, ...rich(text))));
  return {
    nodes: labels,
    first: inputs[0],
    read: () => inputs.flatMap((input, place) => (input.checked ? [place] : [])),
    write: (given) => inputs.forEach((input, place) => { input.checked = given.includes(place); }),
  };
};

const textControl = (question, { words, check }) => {
  const input = keepKeys(make("input", { type: "text", inputMode: question.keyboard ?? "text", autocomplete: "off" }));
  input.addEventListener("keydown", (event) => {
    const composing = event.isComposing || event.keyCode === 229;  // Enter that ends an IME's input
    if (event.key === "Enter" && !composing) {
      event.preventDefault();
      check();
    }
  });
  const unit = make("span", {}, ...rich(question.unit ?? ""));
  const label = make("label", { className: "number" }, words.answer, input, unit);
  return {
    nodes: [label],
    first: input,
    read: () => input.value,
    write: (given) => { input.value = typeof given === "string" ? given : ""; },
  };
};

// Where a question of a review comes from; nothing in a lesson's own quiz.
const originNodes = (question) => {
  if (!question.origin) return [];
  const link = { href: question.href, target: "_blank", rel: "noopener" };
  const parts = rich(question.origin);
  return [make("br"), ...(question.href ? [keepKeys(make("a", link, ...parts))] : parts)];
};

const CONTROLS = { radio: choiceControls, checkbox: choiceControls, text: textControl };

const questionView = (question, words, model) => {
  const name = `triad-${question.id}-${Math.random().toString(36).slice(2)}`;
  const feedback = status("feedback");
  const hint = status("hint");
  // a cell may be running, or nobody be there: say so instead of looking dead
  const patience = awaited(model, words, 1000, (sentence) => {
    if (feedback.textContent !== sentence) feedback.replaceChildren(sentence);
  });
  const report = (action, value = "") => {
    patience.begin();
    model.send({ question: question.id, action, value });
  };
  const check = () => report("check", controls.read());
  const controls = CONTROLS[question.control](question, { name, words, check });
  const button = (action, press) => {
    const node = keepKeys(make("button", { type: "button", textContent: words[action] }));
    node.dataset.action = action;
    node.addEventListener("click", press);
    return node;
  };
  const retry = () => {
    controls.write([]);
    controls.first.focus();
    report("retry");
  };
  const buttons = make("div", { className: "buttons" },
    button("check", check), button("hint", () => report("hint")), button("retry", retry));
  const note = make("p", { className: "note" }, ...rich(question.note), ...originNodes(question));
  note.id = `${name}-note`;
  const number = make("span", { className: "count", textContent: question.number });
  const root = make("fieldset", {},
    make("legend", {}, number, " ", ...rich(question.text)), note, ...controls.nodes, buttons, hint, feedback);
  root.dataset.question = question.id;
  root.addEventListener("input", () => {  // "nothing chosen yet" is no longer true
    if (root.dataset.verdict === "null") feedback.replaceChildren();
  });
  root.setAttribute("aria-describedby", note.id);

  let drawnGiven = "[]";
  const update = (attempt, words) => {
    patience.end();
    const given = JSON.stringify(attempt.given);
    if (given !== drawnGiven) controls.write(attempt.given);  // never disturb what is not yet checked
    drawnGiven = given;
    root.dataset.verdict = attempt.headline === "" ? "" : String(attempt.right);
    hint.replaceChildren(...(attempt.hint ? [make("b", { textContent: words.hint }), " ", ...rich(attempt.hint)] : []));
    const details = attempt.details.flatMap(([heading, why]) => [
      ...(heading ? [make("p", { className: "heading" }, ...rich(heading))] : []),
      make("p", {}, ...rich(why)),
    ]);
    const headline = make("p", { className: "headline" }, ...rich(attempt.headline));
    feedback.replaceChildren(...(attempt.headline ? [headline, ...details] : []));
  };
  return { root, update, waits: patience.waits };
};

export default {
  // Python waits for this sign; it comes when this code runs, even if the cell is not in view.
  initialize({ model }) {
    model.send({ action: "alive" });
  },

  render({ model, el }) {
    const words = model.get("words");
    const questions = model.get("questions");
    const views = new Map(questions.map((q) => [q.id, questionView(q, words, model)]));
    const trouble = troubleView(words);
    const score = make("p", { className: "score" });
    const root = make("section", { className: "triad triad-quiz", lang: model.get("lang") },
      make("h3", { textContent: words.title }), ...[...views.values()].map((v) => v.root), trouble.root, score);
    root.setAttribute("aria-label", words.title);

    const drawn = new Map();
    const update = () => {
      const attempts = model.get("attempts");
      for (const [id, view] of views) {
        const now = JSON.stringify(attempts[id]);
        // an answer may change nothing: a hint is asked for twice
        if (view.waits() || drawn.get(id) !== now) view.update(attempts[id], words);
        drawn.set(id, now);
      }
      trouble.update(model.get("trouble"));
      score.textContent = model.get("score");
    };
    model.on("change:attempts", update);
    update();
    el.append(root);
    return () => model.off("change:attempts", update);
  },
};
