import { monkeyOfRooms } from './monkey.js';

monkeyOfRooms(100, Number(process.env.RX_TINYPROTO_SEEDS ?? 150));
