// The smallest contrasts inside the quiz, as WCAG 2 defines them: of its texts, and of its edges.
() => {
  const channels = (text) => (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], back) => [r, g, b].map((c, i) => a * c + (1 - a) * back[i]);
  const luminance = (rgb) => rgb
    .map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const root = document.querySelector(".triad-quiz");
  const background = channels(getComputedStyle(root).backgroundColor);
  const paper = over(background, [255, 255, 255]);
  const of = (node, name) => ratio(over(channels(getComputedStyle(node)[name]), paper), paper);
  const texts = [...root.querySelectorAll("*")].filter((node) => node.textContent.trim());
  const edges = root.querySelectorAll("button, fieldset, input[type=text], .feedback:not(:empty)");
  return {
    opaque: background[3] !== 0,
    texts: texts.length,
    text: Math.min(...texts.map((node) => of(node, "color"))),
    edge: Math.min(...[...edges].map((node) => of(node, "borderLeftColor"))),
  };
}
