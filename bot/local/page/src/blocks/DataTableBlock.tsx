import { useState, type ReactNode } from "react";
import type { Block, TableCell } from "../api/blocks";
import { LibraryDrawn } from "./Library";

/** Slack's own default for `page_size`. */
const PAGE = 5;

const numberIn = (cell: TableCell | undefined): number | null =>
  cell?.type === "raw_number" ? Number((cell as { value: number }).value) : null;

const textIn = (cell: TableCell | undefined): string => {
  if (cell === undefined) return "";
  const { text, value } = cell as { text?: string; value?: number };
  return text ?? (value === undefined ? JSON.stringify(cell) : value.toLocaleString("en-US"));
};

function compare(a: TableCell | undefined, b: TableCell | undefined): number {
  const [x, y] = [numberIn(a), numberIn(b)];
  return x !== null && y !== null ? x - y : textIn(a).localeCompare(textIn(b));
}

/** `data_table`: a header row that sorts, and pages. The library doesn't know this block. */
export function DataTableBlock({ block }: { block: Block }): ReactNode {
  const [header = [], ...rows] = block.rows ?? [];
  const [sort, setSort] = useState<{ column: number; down: boolean } | null>(null);
  const [page, setPage] = useState(0);
  const size = block.page_size ?? PAGE;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const sorted = sort
    ? rows.toSorted((a, b) => compare(a[sort.column], b[sort.column]) * (sort.down ? -1 : 1))
    : rows;

  return (
    <div className="data-table">
      <table>
        <caption>{block.caption}</caption>
        <thead>
          <tr>
            {header.map((cell, column) => {
              const order =
                sort?.column !== column ? "none" : sort.down ? "descending" : "ascending";
              return (
                <th key={column} scope="col" aria-sort={order}>
                  <button
                    type="button"
                    onClick={() => setSort({ column, down: order === "ascending" })}
                  >
                    {textIn(cell)}
                    <span aria-hidden="true">
                      {order === "none" ? "" : sort?.down ? " ↓" : " ↑"}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(page * size, (page + 1) * size).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} className={cell.type === "raw_number" ? "number" : undefined}>
                  {cell.type === "rich_text" ? (
                    <LibraryDrawn block={cell as Block} />
                  ) : (
                    textIn(cell)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {pages > 1 && (
        <div className="pager">
          <button
            type="button"
            className="button"
            disabled={page === 0}
            onClick={() => setPage(page - 1)}
          >
            Previous
          </button>
          <span className="muted">
            {page + 1} of {pages}
          </span>
          <button
            type="button"
            className="button"
            disabled={page + 1 === pages}
            onClick={() => setPage(page + 1)}
          >
            Next
          </button>
        </div>
      )}
    </div>
  );
}
