/**
 * Where tiles go. Pure geometry: sizes in, rectangles out.
 *
 * - Without a shared screen the cameras fill the stage as large as they can.
 * - With one, screens get the stage and the cameras a strip: beside it on a wide stage, below it on
 *   a tall one.
 */

/**
 * @typedef {object} Rect
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

/** Cameras are cropped to fit their tiles: to upright ones only where the place is upright itself. */
const CAMERA_RATIO = {
  wide: { least: 4 / 3, most: 16 / 9 },
  upright: { least: 3 / 4, most: 16 / 9 },
};
/** Screens are shown whole, whatever shape they have. */
const SCREEN_RATIO = { least: 0, most: Infinity };

/**
 * Places all tiles of a stage.
 *
 * @param {object} stage
 * @param {number} stage.width
 * @param {number} stage.height
 * @param {number} stage.gap between tiles
 * @param {number} stage.cameras how many
 * @param {number} stage.screens how many
 * @returns {{cameras: Rect[], screens: Rect[]}}
 */
export function arrange({ width, height, gap, cameras, screens }) {
  const whole = { x: 0, y: 0, width, height };
  if (screens === 0) return { cameras: fill(whole, cameras, gap, cameraRatio(whole)), screens: [] };
  const { main, strip } = cameras > 0 ? split(whole, gap) : { main: whole, strip: whole };
  return {
    cameras: fill(strip, cameras, gap, cameraRatio(strip)),
    screens: fill(main, screens, gap, SCREEN_RATIO),
  };
}

/**
 * Fills an area with tiles of equal size, as large as possible; a last row that is not full is centred.
 *
 * @param {Rect} area
 * @param {number} count
 * @param {number} gap
 * @param {{least: number, most: number}} ratio bounds of width by height
 * @returns {Rect[]}
 */
export function fill(area, count, gap, ratio) {
  if (count === 0) return [];
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const size = tileSize(area, columns, Math.ceil(count / columns), gap, ratio);
    if (size.width * size.height > best.width * best.height) best = { columns, ...size };
  }
  return place(area, count, gap, best);
}

/** @param {Rect} area */
function cameraRatio({ width, height }) {
  return width > height ? CAMERA_RATIO.wide : CAMERA_RATIO.upright;
}

/**
 * @param {Rect} whole
 * @param {number} gap
 */
function split({ x, y, width, height }, gap) {
  if (width > height * 1.1) {
    const side = clamp(width * 0.22, 150, 300);
    const mainWidth = width - side - gap;
    return {
      main: { x, y, width: mainWidth, height },
      strip: { x: x + mainWidth + gap, y, width: side, height },
    };
  }
  const below = clamp(height * 0.26, 96, 220);
  const mainHeight = height - below - gap;
  return {
    main: { x, y, width, height: mainHeight },
    strip: { x, y: y + mainHeight + gap, width, height: below },
  };
}

/**
 * @param {Rect} area
 * @param {number} columns
 * @param {number} rows
 * @param {number} gap
 * @param {{least: number, most: number}} ratio
 */
function tileSize(area, columns, rows, gap, ratio) {
  const width = Math.max(0, (area.width - gap * (columns - 1)) / columns);
  const height = Math.max(0, (area.height - gap * (rows - 1)) / rows);
  if (width > height * ratio.most) return { width: height * ratio.most, height };
  if (width < height * ratio.least) return { width, height: width / ratio.least };
  return { width, height };
}

/**
 * @param {Rect} area
 * @param {number} count
 * @param {number} gap
 * @param {{columns: number, width: number, height: number}} grid
 * @returns {Rect[]}
 */
function place(area, count, gap, { columns, width, height }) {
  const rows = Math.ceil(count / columns);
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
    return {
      x: left + (index - row * columns) * (width + gap),
      y: top + row * (height + gap),
      width,
      height,
    };
  });
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
