// Which heading of the sidebar a moment belongs under, in the reader's own time zone. Done in the browser:
// it knows the zone and its summer time, and a page left open over midnight groups anew when it redraws.

const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

/** Days between the local dates of two moments; a day of 23 or 25 hours counts as one. */
function daysBetween(earlier, later) {
  return Math.round((midnight(later) - midnight(earlier)) / 86_400_000);
}

/** Return the heading for something last changed at `moment`, seen at `now` (both Date). */
export function groupOf(moment, now, locale = "en") {
  const days = daysBetween(moment, now);
  if (days <= 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days <= 7) return "Previous 7 days";
  if (days <= 30) return "Previous 30 days";
  const sameYear = moment.getFullYear() === now.getFullYear();
  const form = sameYear ? { month: "long" } : { month: "long", year: "numeric" };
  return new Intl.DateTimeFormat(locale, form).format(moment);
}

/** Split `rows`, newest first, into [{ label, rows }]; `updated` is in seconds since the epoch. */
export function grouped(rows, now, locale) {
  const groups = [];
  for (const row of rows) {
    const label = groupOf(new Date(row.updated * 1000), now, locale);
    if (groups.at(-1)?.label !== label) groups.push({ label, rows: [] });
    groups.at(-1).rows.push(row);
  }
  return groups;
}
