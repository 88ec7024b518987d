import { Subscriber } from 'rxjs';

/**
 * A subscriber that stands before another, as those of RxJS's own operators do: it closes with its destination, so that a source which
 * emits synchronously stops as soon as nobody wants more, and it passes errors on, and completion unless told otherwise.
 */
export class Through<T, R> extends Subscriber<T> {
  constructor(
    destination: Subscriber<R>,
    private readonly onNext: (value: T) => void,
    private readonly onComplete?: () => void,
  ) {
    super(destination);
  }

  protected override _next(value: T): void {
    try {
      this.onNext(value);
    } catch (error) {
      this.error(error);
    }
  }

  protected override _complete(): void {
    if (this.onComplete) this.onComplete();
    else super._complete();
  }
}
