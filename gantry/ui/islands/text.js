// What the interface says, in the reader's language; not Python, as pages are compiled once for all. Where messages come from: first-paint.js.
const messages = globalThis.gantryMessages ?? {};
export const language = typeof document === "undefined" ? "en" : document.documentElement.lang;
/** How numbers and dates are written: as in the reader's country, in the digits that are on every keyboard. */
export const locale = `${globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === language) ?? language}-u-nu-latn`;
const [rules, numbers] = [new Intl.PluralRules(language), new Intl.NumberFormat(locale)];
const written = (value) => (typeof value === "number" ? numbers.format(value) : value);
export const _ = (text, values = {}, message = messages[text] ?? text) =>
  message.replace(/\{(\w+)\}/g, (place, name) => (name in values ? written(values[name]) : place));
export const plural = (one, many, values, forms = messages[one] ?? { one }) =>
  _(one, values, forms[rules.select(values.count)] ?? forms.other ?? many);
