// The table of an answer: AG Grid over the API's rows as they came. Text reaches the page as text nodes only: there are
// value formatters, but no renderers that make HTML.
import {
  CellApiModule,
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  ColumnAutoSizeModule,
  createGrid,
  EventApiModule,
  type ColDef,
  type GridApi,
  type GridOptions as GridSettings,
  ModuleRegistry,
  RenderApiModule,
  ScrollApiModule,
  themeQuartz,
} from "ag-grid-community";
import type { Zone } from "../core/time.ts";
import { cellText, compare, isNumeric, widthOf } from "./cells.ts";
import type { Column, Row } from "./model.ts";

ModuleRegistry.registerModules([
  CellApiModule,
  CellStyleModule,
  ClientSideRowModelApiModule,
  ClientSideRowModelModule,
  ColumnApiModule,
  ColumnAutoSizeModule,
  EventApiModule,
  RenderApiModule,
  ScrollApiModule,
]);

export interface CellPlace {
  row: Row;
  column: number;
  /** Where the menu belongs on the screen. */
  x: number;
  y: number;
}

export interface GridOptions {
  onCell: (place: CellPlace) => void;
  /** The reader sorted the rows that are here: `null` when the order is the query's. */
  onSort: (sort: { column: string; descending: boolean } | null) => void;
}

export interface Grid {
  show(columns: readonly Column[], rows: readonly Row[], zone: Zone): void;
  clearSort(): void;
  destroy(): void;
}

const theme = themeQuartz.withParams({
  backgroundColor: "var(--surface)",
  foregroundColor: "var(--ink)",
  headerBackgroundColor: "var(--sunken)",
  headerTextColor: "var(--ink-2)",
  borderColor: "var(--border)",
  accentColor: "var(--accent)",
  rowHoverColor: "var(--hover)",
  oddRowBackgroundColor: "var(--surface)",
  fontFamily: "var(--font)",
  fontSize: 12.5,
  headerFontSize: 12,
  headerFontWeight: 600,
  cellHorizontalPadding: 10,
  wrapperBorder: false,
  wrapperBorderRadius: 0,
  rowHeight: 28,
  headerHeight: 30,
  browserColorScheme: "inherit",
});

function definition(column: Column, index: number, rows: readonly Row[], zone: Zone): ColDef<Row> {
  const numeric = isNumeric(column);
  return {
    colId: String(index),
    headerName: column.name,
    type: numeric ? "rightAligned" : [],
    width: widthOf(column, index, rows, zone),
    sortable: true,
    resizable: true,
    valueGetter: (params) => params.data?.[index],
    valueFormatter: (params) => cellText(params.value, column, zone).text,
    comparator: (a, b) => compare(a, b, column),
    cellClass: (params) => {
      const { kind } = cellText(params.value, column, zone);
      return ["result-cell", kind === "value" ? `is-${column.type}` : `is-${kind}`, ...(numeric ? ["ag-right-aligned-cell"] : [])];
    },
    ...(numeric ? { headerClass: "ag-right-aligned-header" } : {}),
  };
}

/** Whether rows begin with those that are shown, the same ones. */
function goesOn(before: readonly Row[], rows: readonly Row[]): boolean {
  const last = before.length - 1;
  return last >= 0 && rows.length > before.length && rows[0] === before[0] && rows[last] === before[last];
}

/** Where the menu of a cell belongs: at the pointer, or below the focused cell. */
function placeOf(mouse: MouseEvent | null): { x: number; y: number } {
  if (mouse) return { x: mouse.clientX, y: mouse.clientY };
  const box = document.activeElement?.getBoundingClientRect();
  return box ? { x: box.left + 12, y: box.bottom } : { x: 0, y: 0 };
}

interface CellEvent {
  data: Row | undefined;
  column: { getColId(): string };
}

function handlers(options: GridOptions, columns: () => readonly Column[]): GridSettings<Row> {
  const openAt = (event: CellEvent, mouse: MouseEvent | null) => {
    if (!event.data || window.getSelection()?.toString()) return;
    options.onCell({ row: event.data, column: Number(event.column.getColId()), ...placeOf(mouse) });
  };
  return {
    onCellClicked: (event) => openAt(event, event.event as MouseEvent | null),
    onCellContextMenu: (event) => {
      event.event?.preventDefault();
      openAt(event as CellEvent, event.event as MouseEvent | null);
    },
    onCellKeyDown: (event) => {
      const key = (event.event as KeyboardEvent | undefined)?.key;
      if (key === "Enter" || key === "ContextMenu") openAt(event as CellEvent, null);
    },
    onSortChanged: ({ api }) => {
      const sorted = api.getColumnState().find((state) => state.sort && (state.sortIndex ?? 0) === 0);
      const column = sorted ? columns()[Number(sorted.colId)] : undefined;
      options.onSort(column ? { column: column.name, descending: sorted?.sort === "desc" } : null);
    },
  };
}

export function createResultGrid(parent: HTMLElement, options: GridOptions): Grid {
  let columns: readonly Column[] = [];
  let shape = "";
  let shown: readonly Row[] = [];
  let scrolled = false;
  /** By their places, so that what stands on the screen is filled anew instead of built anew. */
  const places = new WeakMap<Row, number>();
  const api: GridApi<Row> = createGrid<Row>(parent, {
    theme,
    columnDefs: [],
    rowData: [],
    animateRows: false,
    suppressColumnMoveAnimation: true,
    suppressDragLeaveHidesColumns: true,
    enableCellTextSelection: true,
    ensureDomOrder: true,
    suppressNoRowsOverlay: true,
    sortingOrder: ["desc", "asc", null],
    rowBuffer: 6,
    getRowId: ({ data }) => String(places.get(data)),
    onBodyScroll: () => {
      scrolled = true;
    },
    ...handlers(options, () => columns),
  });
  return {
    show(nextColumns, rows, zone) {
      columns = nextColumns;
      rows.forEach((row, place) => places.set(row, place));
      const before = shown;
      shown = rows;
      // Widths come from the rows: columns that were sized for none are sized anew.
      const nextShape = JSON.stringify([nextColumns, zone, rows.length > 0]);
      if (nextShape !== shape) {
        shape = nextShape;
        api.updateGridOptions({
          columnDefs: nextColumns.map((column, index) => definition(column, index, rows, zone)),
          rowData: rows as Row[],
        });
        api.applyColumnState({ defaultState: { sort: null } });
      } else if (goesOn(before, rows)) {
        api.applyTransaction({ add: rows.slice(before.length) as Row[] });
        return;
      } else {
        api.setGridOption("rowData", rows as Row[]);
      }
      if (rows.length && scrolled) api.ensureIndexVisible(0, "top");
      scrolled = false;
    },
    clearSort() {
      api.applyColumnState({ defaultState: { sort: null } });
    },
    destroy() {
      api.destroy();
    },
  };
}
