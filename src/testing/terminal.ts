interface Platform {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly stdout?: { readonly isTTY?: boolean };
  };
}

/** Whether what is printed is likely to be seen in colour: as `NO_COLOR` and `FORCE_COLOR` say, or else on a terminal. */
export function isColorTerminal(): boolean {
  const { process } = globalThis as unknown as Platform;
  const { NO_COLOR, FORCE_COLOR } = process?.env ?? {};
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return process?.stdout?.isTTY === true;
}
