// The site's frame.  What differs from one site to another stands in site.json, which
// `python start.py site` writes: address, base, title, languages, words.
import { readFileSync } from "node:fs";
import { satteri } from "@astrojs/markdown-satteri";
import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";
import katex from "katex";
import taiwan from "./node_modules/@astrojs/starlight/dist/translations/zh-TW.js";

const { site, base, title, locales, words: ours } = JSON.parse(readFileSync(new URL("./site.json", import.meta.url), "utf-8"));

// A formula is set when the site is built; one that is shown alone can be scrolled by keyboard.
const formula = (displayMode) => (node, context) => {
  const html = katex.renderToString(node.value, { displayMode, strict: false });
  const block = 'class="katex-display"';
  context.replaceNode(node, { type: "html", value: html.replace(block, `${block} tabindex="0"`) });
};

// Starlight's own words stand under zh-TW, and a page says the script of its language, too.
const said = { ...ours, "zh-Hant-TW": { ...taiwan, ...ours["zh-Hant-TW"] } };
const words = {
  name: "words",
  hooks: {
    "i18n:setup": ({ injectTranslations }) => injectTranslations(said),
    "config:setup": () => {}, // Starlight asks every plugin for one
  },
};

// KaTeX names each font in three formats; every browser that the page is for reads the first.
const fonts = {
  name: "fonts",
  enforce: "pre",
  transform: (code, file) =>
    /katex[^/]*\.css$/.test(file) ? code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\([^)]*\)/g, "") : undefined,
};

export default defineConfig({
  site,
  base,
  telemetry: false,
  vite: { plugins: [fonts] },
  markdown: {
    processor: satteri({
      features: { math: true, headingAttributes: true, smartPunctuation: false },
      mdastPlugins: [{ name: "katex", inlineMath: formula(false), math: formula(true) }],
    }),
  },
  integrations: [
    starlight({
      title,
      plugins: [words],
      locales,
      defaultLocale: Object.keys(locales)[0],
      tableOfContents: { minHeadingLevel: 2, maxHeadingLevel: 3 },
      customCss: ["katex/dist/katex.min.css", "./src/site.css"],
      components: {
        Footer: "./src/components/Footer.astro",
        LanguageSelect: "./src/components/LanguageSelect.astro",
        Search: "./src/components/Search.astro",
      },
      // a button that copies holds all of the code once more
      expressiveCode: { defaultProps: { wrap: true }, frames: { showCopyToClipboardButton: false } },
      pagefind: false,
      credits: false,
    }),
  ],
});
