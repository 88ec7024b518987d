import { virtualBus } from 'rx-tinyproto/testing';
import { busContract } from '../contracts/bus.js';

busContract('in memory', () => {
  const bus = virtualBus();
  const ends: ReturnType<typeof bus.end>[] = [];
  const each = (work: (end: (typeof ends)[number]) => void) => () => ends.forEach(work);
  return {
    end: () => {
      const end = bus.end();
      ends.push(end);
      return end;
    },
    lose: each((end) => end.cut()),
    mend: each((end) => end.repair()),
  };
});
