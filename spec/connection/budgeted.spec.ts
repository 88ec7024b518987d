import { describe, expect, it, vi } from 'vitest';
import { Budget } from '../../src/connection/budget.js';
import { Budgeted } from '../../src/connection/budgeted.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { lines } from '../../src/framing/lines.js';
import { bytesOf } from '../helpers/decoded.js';
import { silent } from '../helpers/silent-port.js';

function open(budget: Budget, framing = lines()) {
  const port = { ...silent, turn: vi.fn(), await: vi.fn() };
  return { port, machine: new Budgeted(framing.open(port), port, budget) };
}

describe('a machine that keeps to a budget', () => {
  it('counts what is here, read or not and wanted or not, until it is consumed', () => {
    const budget = new Budget(100);
    const { machine } = open(budget);
    machine.push(bytesOf('one\ntwo\n'));
    expect([machine.look(false), budget.used]).toEqual([true, 8]);
    machine.read();
    expect([machine.look(true), budget.used]).toEqual([false, 7]);
    machine.consumed();
    machine.look(true);
    expect(budget.used).toBe(4);
  });

  it('has the road hold the peer while others have used it up, and turns when they have not', () => {
    const budget = new Budget(10);
    const [one, other] = [open(budget), open(budget)];
    one.machine.push(new Uint8Array(9));
    one.machine.look(true);
    other.machine.push(new Uint8Array(1));
    expect(other.machine.look(true)).toBe(true);
    expect(other.port.turn).not.toHaveBeenCalled();
    one.machine.dispose();
    expect(other.port.turn).toHaveBeenCalledTimes(1);
    expect([other.machine.look(true), budget.used]).toEqual([false, 1]);
  });

  it('minds the pace only of a peer that it takes more from', () => {
    const budget = new Budget(1);
    const { machine, port } = open(budget);
    machine.push(bytesOf('half'));
    machine.look(true);
    expect(port.await).toHaveBeenCalledWith('message', Number.POSITIVE_INFINITY);
    budget.take(1);
    machine.look(true);
    expect(port.await).toHaveBeenLastCalledWith('message');
    machine.dispose();
  });

  it('counts on in another framing', () => {
    const budget = new Budget(100);
    const { machine, port } = open(budget);
    machine.push(bytesOf('one\ntwo\n'));
    machine.read();
    machine.look(true);
    machine.goOn(lengthPrefixed().open(port));
    machine.look(true);
    expect(budget.used).toBe(3);
    machine.consumed();
    machine.look(true);
    expect(budget.used).toBe(0);
  });

  it('takes nothing of it any more when its connection is gone, whatever is granted then', () => {
    const budget = new Budget(100);
    const { machine } = open(budget);
    machine.grant(7, false);
    expect(budget.used).toBe(7);
    machine.dispose();
    expect([machine.grant(7, false), machine.grant(7, true), budget.used]).toEqual([true, true, 0]);
  });

  it('has no share of it while nothing has come', () => {
    const budget = new Budget(100);
    const forget = vi.spyOn(budget, 'forget');
    open(budget).machine.dispose();
    expect(forget).not.toHaveBeenCalled();
  });
});
