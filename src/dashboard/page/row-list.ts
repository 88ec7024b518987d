import { laneHeight } from './lane.js';
import type { Row } from './store.js';

/** The names of the rows, as a list to choose from. Only those in sight are in the document: there may be thousands. */
export class RowList {
  #items: HTMLLIElement[] = [];

  constructor(private readonly list: HTMLElement) {}

  /** Shows those from a place in the list on, as many as are in sight. */
  show(rows: readonly Row[], first: number, count: number, chosen: Row | undefined): void {
    const shown = rows.slice(first, first + count);
    this.list.style.height = `${rows.length * laneHeight}px`;
    this.list.style.paddingTop = `${first * laneHeight}px`;
    while (this.#items.length > shown.length) this.#items.pop()?.remove();
    for (const [index, row] of shown.entries())
      this.#show(this.#item(index), row, first + index, rows.length, row === chosen);
    set(this.list, 'aria-activedescendant', chosen && shown.includes(chosen) ? idOf(chosen) : '');
  }

  /** Which row an event is about. */
  rowOf(event: Event, rows: readonly Row[]): Row | undefined {
    const item = (event.target as HTMLElement).closest('li');
    return rows.find((row) => idOf(row) === item?.id);
  }

  #item(index: number): HTMLLIElement {
    const known = this.#items[index];
    if (known) return known;
    const item = document.createElement('li');
    item.role = 'option';
    this.#items.push(item);
    this.list.append(item);
    return item;
  }

  #show(item: HTMLLIElement, row: Row, index: number, count: number, isChosen: boolean): void {
    if (item.textContent !== row.name) item.textContent = item.title = row.name;
    if (item.id !== idOf(row)) item.id = idOf(row);
    item.className = [index % 2 && 'odd', row.over && 'over', row.failed && 'failed']
      .filter(Boolean)
      .join(' ');
    const ending = row.failed ? ', ended in an error' : row.over === undefined ? '' : ', closed';
    set(item, 'aria-label', row.name + ending);
    set(item, 'aria-selected', `${isChosen}`);
    set(item, 'aria-posinset', `${index + 1}`);
    set(item, 'aria-setsize', `${count}`);
  }
}

const idOf = ({ id }: Row) => `row-${id}`;

/** What has not changed is not touched. */
function set(element: HTMLElement, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
