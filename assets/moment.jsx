// A moment in the reader's own words and zone; the exact time is in the tooltip and in the markup.
const STEPS = [
  [60, "second"],
  [3600, "minute"],
  [86_400, "hour"],
  [30 * 86_400, "day"], // older ones get a date
];

/** Render the moment `at`, in seconds since the epoch: relative within a month, else as a date. */
export function Moment({ at }) {
  if (!at) return null;
  const moment = new Date(at * 1000);
  return (
    <time dateTime={moment.toISOString()} title={moment.toLocaleString()}>
      {inWords(moment)}
    </time>
  );
}

function inWords(moment) {
  const ago = (Date.now() - moment) / 1000;
  if (Math.abs(ago) < 60) return "just now";
  let unit = 1;
  for (const [limit, name] of STEPS) {
    if (ago < limit) return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-Math.floor(ago / unit), name);
    unit = limit;
  }
  return moment.toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" });
}
