import { monkeyOfRooms } from './monkey.js';

monkeyOfRooms(0, 6);
