import { monkeyOfRooms } from './monkey.js';
import { monkeyOfPresence } from './presence-monkey.js';

const seeds = Number(process.env.RX_TINYPROTO_SEEDS ?? 150);

monkeyOfRooms(100, seeds);
monkeyOfPresence(100, seeds);
