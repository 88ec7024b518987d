import type { Case } from './case.js';
import type { Task } from './peer.js';

const plain: Task = { wire: 'lengthPrefixed', size: 64, window: 1, sending: 'stream' };
const KiB = 1_024;

/** Messages one way, echoes, and round trips of one message, over each wire. */
export const cases: readonly Case[] = [
  {
    name: 'one-way-64',
    title: 'one way, 64 B, `sendAll`',
    kind: 'oneWay',
    task: plain,
    goal: { rate: 0.95 },
  },
  {
    name: 'one-way-64-each',
    title: 'one way, 64 B, `send` each',
    kind: 'oneWay',
    task: { ...plain, sending: 'each' },
    goal: { rate: 0.75 },
    aheadOfPeers: 15,
  },
  {
    name: 'one-way-1k',
    title: 'one way, 1 KiB',
    kind: 'oneWay',
    task: { ...plain, size: KiB },
    goal: { rate: 0.95 },
    aheadOfPeers: 8,
  },
  {
    name: 'one-way-64k',
    title: 'one way, 64 KiB',
    kind: 'oneWay',
    task: { ...plain, size: 64 * KiB },
    goal: { rate: 1.2 },
    aheadOfPeers: 1,
  },
  {
    name: 'one-way-1m',
    title: 'one way, 1 MiB',
    kind: 'oneWay',
    task: { ...plain, size: KiB * KiB },
    goal: { rate: 1.2 },
    aheadOfPeers: 1,
  },
  {
    name: 'echo-64',
    title: 'echo, 64 B, 256 under way',
    kind: 'echo',
    task: { ...plain, window: 256, sending: 'each' },
    goal: { rate: 0.6 },
    aheadOfPeers: 8,
  },
  {
    name: 'ping-pong-64',
    title: 'ping-pong, 64 B',
    kind: 'echo',
    task: plain,
    goal: { p50: 1.1, p99: 1.25 },
  },
  {
    name: 'strict-one-way-64',
    title: 'tinyproto strict, one way, 64 B',
    kind: 'oneWay',
    task: { ...plain, wire: 'tinyproto' },
    goal: { rate: 0.9 },
  },
  {
    name: 'strict-ping-pong-64',
    title: 'tinyproto strict, ping-pong, 64 B',
    kind: 'echo',
    task: { ...plain, wire: 'tinyproto' },
    goal: { rate: 0.9 },
  },
  {
    name: 'pipelined-one-way-64',
    title: 'tinyproto pipelined, one way, 64 B',
    kind: 'oneWay',
    task: { ...plain, wire: 'pipelined' },
    goal: { rate: 0.85 },
  },
];
