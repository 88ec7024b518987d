/** The rest is for files, for listeners, for sockets that are closing: a process that has none left cannot even refuse. */
const share = 0.8;

/** What there is besides, where the limit is so small that this counts: 64 for who is being told that there is no room, and 64 for Node and the program. */
const others = 128;

let known: number | undefined;

/** How many wires fit into the file descriptors of this process. It asks once: the limit does not change, and asking takes some milliseconds. */
export function wiresThatFit(): number {
  known ??= fitting(descriptorLimit());
  return known;
}

const fitting = (limit: number): number => Math.max(1, Math.floor(Math.min(share * limit, limit - others)));

/** Beyond it, the system accepts nobody, and says so to nobody. */
function descriptorLimit(): number {
  // Newer than the types. Without it, the names of all peers are looked up.
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as {
    userLimits?: { open_files?: { soft: number | 'unlimited' } };
  };
  report.excludeNetwork = before;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY;
}
