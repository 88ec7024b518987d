import type { BoundAddress, Wire } from '../transport/transport.js';
import type { LaneOptions } from './network-lane.js';
import { isWithin, type Road, type RoadOptions, road, type Where } from './network-road.js';
import { type WirePair, wirePair } from './network-wire.js';

export type LinksOptions = Omit<LaneOptions, 'road'> & Pick<RoadOptions, 'cut' | 'rules'>;

/** One virtual wire, from above. */
export interface Link {
  /** Which one of its network it is, from 1. */
  readonly wire: number;
  /** Who dialled. */
  readonly from: BoundAddress;
  /** Who listens. */
  readonly to: BoundAddress;
  readonly near: Wire;
  readonly far: Wire;
  /** How many of its ends are open. */
  readonly open: number;
  /** On their way, held, or not read. */
  readonly unreadBytes: number;
}

/** The wires of a virtual network. */
export interface Links {
  /** Those with an open end. */
  readonly all: readonly Link[];
  /** The number of the next wire. */
  readonly next: number;
  open(from: BoundAddress, to: BoundAddress): Pick<WirePair, 'near' | 'far'>;
  /** The rules have changed. */
  retry(): void;
  /** Both ends of these wires see RST, at once. */
  reset(where: Where): void;
  /** These wires bring FIN to the receiver, and drop what the sender sends from then on. */
  halfClose(where: Where): void;
}

type LiveLink = Link & { readonly roads: readonly Road[] };

export function links(options: LinksOptions): Links {
  // Only while an end is open: a network that serves a million connections must not remember them.
  const alive = new Set<LiveLink>();
  let count = 0;

  function open(from: BoundAddress, to: BoundAddress): LiveLink {
    const wire = ++count;
    const roads: Road[] = [];
    const reset = () => {
      for (const each of roads) each.inject('rst');
    };
    const laid = (way: Pick<Link, 'from' | 'to'>) => (arrive: Parameters<typeof road>[0]['arrive']) => {
      const made = road({ ...options, ...way, wire, arrive, reset });
      roads.push(made);
      return made;
    };
    const pair = wirePair(options, [laid({ from, to }), laid({ from: to, to: from })], from, to);
    let ends = 2;
    const link: LiveLink = {
      wire,
      from,
      to,
      roads,
      near: pair.near,
      far: pair.far,
      get open() {
        return ends;
      },
      get unreadBytes() {
        return pair.unreadBytes;
      },
    };
    alive.add(link);
    for (const end of [pair.near, pair.far]) end.closed$.subscribe(() => --ends || alive.delete(link));
    return link;
  }

  return {
    get all() {
      return [...alive];
    },
    get next() {
      return count + 1;
    },
    open,
    retry() {
      for (const { roads } of alive) for (const each of roads) each.retry();
    },
    reset(where) {
      for (const { roads, wire } of alive) {
        if (roads.some(({ from, to }) => isWithin(where, { from, to, wire }))) {
          for (const each of roads) each.inject('rst');
        }
      }
    },
    halfClose(where) {
      for (const { roads, wire } of alive) {
        for (const each of roads) if (isWithin(where, { ...each, wire })) each.inject('fin');
      }
    },
  };
}
