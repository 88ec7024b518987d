/** The bytes of one message as they go on the wire: `head`, `body`, `tail`, each may be empty. `body` is the caller's own buffer, not a copy. */
export interface Frame {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly tail: Uint8Array;
  /** The size of a body that is not here: it is written a part at a time when its turn comes (`StreamingPort`), and `body` is empty. Above 0. */
  readonly streamed?: number;
}

/**
 * What a machine does that has something to say by itself, or must not say everything at once. Frames of ours wait in a queue, which `queueFrames` brings where there is none: they leave it
 * with `begin`, when `canBegin` allows it, and are written and told of with `FramingPort.out`.
 */
export interface FramingTalk {
  /** Whether bytes of ours that a peer would need to be whole are missing on the wire: FIN here would be misread. */
  readonly midFrame: boolean;
  /** Messages and bytes dropped since `close`. */
  readonly dropped: { readonly messages: number; readonly bytes: number };
  /** Begins the conversation: writes what opens it. Messages may pass once it has called `ready`. */
  start(): void;
  /** Whether a frame may begin now. `stream`: it is one of many, which give way to answers, so that two sides that both stream and answer do not get stuck. */
  canBegin(stream: boolean): boolean;
  /** Begins a frame, which `canBegin` allowed. It will go out whole. */
  begin(frame: Frame): void;
  /**
   * Begins a frame, which `canBegin` allowed, behind the one begun last, if it would only write head, body and tail at once: then the caller writes them. An outcome that the one before has
   * already is its outcome, too. Returns false, and does nothing, where there is more to do. Absent: there always is.
   */
  follow?(frame: Frame): boolean;
  /** Bytes of ours are on the road, and have made progress just now; `false`: none are any more. */
  progress(pending: boolean): void;
  /** The peer's FIN, at once: what has come before it may be unread. Half a message is `cut-short`; what has no answer will have none. */
  receiveEnd(): void;
  /** No more messages are wanted: what is unread is dropped, what comes is accepted and dropped. Ours still begin. */
  close(): void;
  /** Asks whether FIN may go out now, nothing of ours being queued. If so, the last answers are written, and no frame may begin any more. */
  tryEnd(): boolean;
  /** What `grant` would not have may be granted now. Absent where nothing is granted. */
  retry?(): void;
}

/** Where what a machine says goes. */
export interface FramingOut {
  /** Bytes for the wire, in order. `last` marks the bytes with which the oldest unfinished frame of ours is complete. */
  write(bytes: Uint8Array, last: boolean): void;
  /** The oldest frame of ours without an outcome has one; outcomes come in the order of `begin`. */
  outcome(of: 'taken' | 'refused'): void;
}
