import { monkeyOfRooms } from './monkey.js';
import { monkeyOfPresence } from './presence-monkey.js';

monkeyOfRooms(0, 6);
monkeyOfPresence(0, 4);
