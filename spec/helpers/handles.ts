/** What keeps a process alive: sockets, listeners, look-ups, timers. The runner has some of its own. */
export function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The names of the handles that are there now and were not before. */
export const handlesSince = (before: Record<string, number>): string[] =>
  Object.entries(handles())
    .filter(([name, count]) => count > (before[name] ?? 0) && name !== 'Immediate')
    .map(([name]) => name);
