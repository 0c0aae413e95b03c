const strings = JSON.parse(document.getElementById("strings")?.textContent || "{}");

const { lang, dataset } = document.documentElement;

/** The language of the page, `en` or `hi`. */
export const language = lang || "en";

/** In which numbers and dates are written: `en-IN`. */
export const locale = dataset.locale || language;

const plurals = new Intl.PluralRules(language);
const whole = new Intl.NumberFormat(locale);

/** Takes further words in, of what is only sometimes on a page. */
export const learn = (words) => Object.assign(strings, words);

const find = (path) => path.split(".").reduce((found, name) => found?.[name], strings);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

/** The words for `path`, like `live.buy`, with `{name}` filled in. */
export function t(path, values = {}) {
  return fill(find(path) ?? path, values);
}

/** The words for so many: those for exactly that number, else those of its plural form. */
export function plural(path, count, values = {}) {
  const forms = find(path) ?? path;
  return fill(forms[`=${count}`] ?? forms[plurals.select(count)] ?? forms.other ?? forms, { ...values, count: number(count) });
}

/** A whole number with the reader's grouping. */
export const number = (value) => whole.format(value);

/** What a refusal means, in the reader's language when its code is known, else as the server says it. */
export function refusal({ code, detail }) {
  const text = find(`refusals.${code}`) ?? find(`staffRefusals.${code}`);
  return text ? fill(text, { detail }) : (detail ?? code);
}
