// An outline of corners [lon, lat] in degrees: its area on the ellipsoid, and whether it crosses itself.

// Half-axis in metres and flattening of the ellipsoid of CGCS2000, on which all areas of the product are measured.
const A_M = 6378137;
const FLATTENING = 1 / 298.257222101;
const E2 = FLATTENING * (2 - FLATTENING);
const E = Math.sqrt(E2);
const M2_IN_HA = 1e4;

const radians = (degrees) => (degrees * Math.PI) / 180;

// Area between the equator and a latitude, per radian of longitude, in square metres.
function zone(lat) {
  const sine = Math.sin(radians(lat));
  const q = sine / (1 - E2 * sine ** 2) + Math.log((1 + E * sine) / (1 - E * sine)) / (2 * E);
  return (A_M ** 2 * (1 - E2) * q) / 2;
}

const sides = (corners) => corners.map((corner, nth) => [corner, corners[(nth + 1) % corners.length]]);

// Hectares inside; sides are straight lines between their corners, as the server takes them. Between two corners the
// zone is taken by Simpson's rule, which is exact to far below a square metre for sides within a city.
export function areaHa(corners) {
  if (corners.length < 3) return 0;
  const sum = sides(corners).reduce((total, [[lon1, lat1], [lon2, lat2]]) => {
    const mean = (zone(lat1) + 4 * zone((lat1 + lat2) / 2) + zone(lat2)) / 6;
    return total + radians(lon2 - lon1) * mean;
  }, 0);
  return Math.abs(sum) / M2_IN_HA;
}

const turn = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));

const cross = ([a, b], [c, d]) => turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b);

export function crossesItself(corners) {
  const all = sides(corners);
  return all.some((one, nth) => all.some((other, at) => {
    const isBeside = at === nth + 1 || (nth === 0 && at === all.length - 1);
    return at > nth && !isBeside && cross(one, other);
  }));
}

export const boxOf = ([west, south], [east, north]) => [[west, south], [east, south], [east, north], [west, north]];
