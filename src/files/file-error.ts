/** Why a file did not go through. */
export type FileErrorCode =
  /** The other side will not have it, or will not give it; its reason is in the text. */
  | 'rejected'
  /** This side will not: a path that leads outside or through a link, what is no regular file, a file that exists already, too many bytes. */
  | 'refused'
  /** There are more or fewer bytes than were announced. */
  | 'wrong-size'
  /** The file that came is not the one that was sent, by its SHA-256. */
  | 'wrong-hash'
  /** A letter that may not stand here, or a message that is none. */
  | 'unexpected-letter'
  /** The other side said nothing for `idleTimeoutMs`. */
  | 'stalled'
  /** The connection ended before the file was through. */
  | 'cut-off';

/** One file did not go through. What of it is here already is kept for another attempt, where both sides can resume; never under its final name. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(
    readonly code: FileErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${message} (${code})`, options);
  }
}

/** A refusal of ours. The reason is what the other side is told, so it names nothing that only we know. */
export class Refusal extends FileError {
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('refused', reason, options);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  ELOOP: 'symbolic links are not followed',
  EACCES: 'it is not allowed here',
  EPERM: 'it is not allowed here',
  EROFS: 'it is not allowed here',
  EEXIST: 'it exists already',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'a name in the path is too long',
  ENOSPC: 'there is no room for it',
  EDQUOT: 'there is no room for it',
};

/** What the file system said, as a refusal; anything else stays what it is. */
export function asRefusal(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  return reason === undefined || error instanceof FileError ? error : new Refusal(reason, { cause: error });
}
