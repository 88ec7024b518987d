/** The door for looking at a running server. Needs the package `ws`. */
export { type Dashboard, type DashboardOptions, dashboard } from './dashboard.js';
