/* What only the browser knows of time: the reader's own clock, zone and language. */
import { tried } from "./store.js";
import { _, locale } from "./text.js";

const UNITS = Object.entries({ day: 86_400, hour: 3600, minute: 60 });
const known = (zone) => tried(() => zone && Intl.DateTimeFormat("en", { timeZone: zone }) && zone) || undefined;
const formatted = (at, zone, options) => new Intl.DateTimeFormat(locale, { timeZone: known(zone), ...options }).format(at);

/** The time, with the day unless that is today. */
export const shortMoment = (iso, zone, at = new Date(iso), dayOf = (day) => formatted(day, zone, { dateStyle: "short" })) =>
  formatted(at, zone, { timeStyle: "short", ...(dayOf(at) !== dayOf(new Date()) && { dateStyle: "medium" }) });

/** Day and time to the second. */
export const exactMoment = (iso, zone) => formatted(new Date(iso), zone, { dateStyle: "medium", timeStyle: "long" });

/** How long the moment `at` (seconds since the epoch) is ago; after a month, which day it was. */
export function inWords(at, zone, seconds = Date.now() / 1000 - at) {
  const [name, unit] = UNITS.find(([, length]) => seconds >= length) ?? [];
  if (!unit) return _("just now");
  if (seconds >= 30 * 86_400) return new Date(at * 1000).toLocaleDateString(locale, { dateStyle: "long", timeZone: known(zone) });
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-Math.floor(seconds / unit), name);
}

/** The same moment for machines, and in full. */
export const isoMoment = (at) => new Date(at * 1000).toISOString();
export const fullMoment = (at, zone) => new Date(at * 1000).toLocaleString(locale, { timeZone: known(zone) });
