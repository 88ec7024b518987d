import { describe } from 'vitest';
import { everyMoment, kinds } from './every-moment.js';

describe.each(Object.keys(kinds))('at each moment, on %s,', (kind) => everyMoment(kind));
