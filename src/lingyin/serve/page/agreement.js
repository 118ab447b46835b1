// How much of what the program found physicians left as it was, month by month, from the first signature of each report.
import { ask } from "./api.js";
import { find, make } from "./words.js";

export async function showAgreement() {
  const months = await ask("/agreement").catch(() => []);
  find("agreement-section").hidden = months.length === 0;
  find("agreement-rows").replaceChildren(...months.map(row));
}

function row(month) {
  const stood = month.findings - month.changed - month.rejected;
  const share = month.findings ? Math.round((100 * stood) / month.findings) : 100;
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, month.month),
    ...[month.reports, month.findings, month.rejected, month.changed, month.added].map((each) => make("td", {}, String(each))),
    make("td", {}, make("meter", { min: 0, max: 100, value: share, "aria-hidden": "true" }), ` ${share} %`),
  );
}
