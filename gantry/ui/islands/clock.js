/* What only the browser knows of time: the reader's own clock, zone and language, and whether somebody looks at the page. */
import { useEffect, useEffectEvent } from "react";

const UNITS = Object.entries({ day: 86_400, hour: 3600, minute: 60 });
const formatted = (at, options) => new Intl.DateTimeFormat(undefined, options).format(at);

/** The time, with the day unless that is today. */
export const shortMoment = (iso, at = new Date(iso)) =>
  formatted(at, { timeStyle: "short", ...(at.toDateString() !== new Date().toDateString() && { dateStyle: "medium" }) });

/** Day and time to the second. */
export const exactMoment = (iso) => formatted(new Date(iso), { dateStyle: "medium", timeStyle: "long" });

/** How long the moment `at` (seconds since the epoch) is ago; after a month, which day it was. */
export function inWords(at, seconds = Date.now() / 1000 - at) {
  const [name, unit] = UNITS.find(([, length]) => seconds >= length) ?? [];
  if (!unit) return "just now";
  if (seconds >= 30 * 86_400) return new Date(at * 1000).toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(seconds / unit), name);
}

/** The same moment for machines, and in full. */
export const isoMoment = (at) => new Date(at * 1000).toISOString();
export const fullMoment = (at) => new Date(at * 1000).toLocaleString();

/** Calls `onTime` every so many milliseconds, while somebody looks at the page. */
export function Again({ every, onTime }) {
  const tell = useEffectEvent(() => document.visibilityState === "visible" && onTime());
  useEffect(() => {
    const timer = setInterval(tell, every);
    return () => clearInterval(timer);
  }, [every]);
  return null;
}
