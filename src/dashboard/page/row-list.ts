import type { Row } from './store.js';

/** The names of the rows, as a list that can be chosen from. Only what has changed is touched. */
export class RowList {
  #items: HTMLLIElement[] = [];

  constructor(
    private readonly list: HTMLElement,
    private readonly choose: (row: Row) => void,
  ) {}

  show(rows: readonly Row[], chosen: Row | undefined): void {
    while (this.#items.length > rows.length) this.#items.pop()?.remove();
    for (const [index, row] of rows.entries()) this.#show(this.#item(index), row, row === chosen);
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

  #show(item: HTMLLIElement, row: Row, isChosen: boolean): void {
    const text = row.name;
    if (item.textContent !== text) item.textContent = text;
    item.onclick = () => this.choose(row);
    item.classList.toggle('over', row.over !== undefined);
    item.classList.toggle('failed', row.failed === true);
    if (item.ariaSelected !== `${isChosen}`) item.ariaSelected = `${isChosen}`;
  }
}
