"""Pages → documents, in the cluster: scripts that gather each document's best pages, and how their answers are put together.

A document counts by its best page and a share of the next best, which no query of the cluster can say; so a script looks at each
matching page once. It keeps of each document the best pages and how many match, counts facets when it meets the document first,
and each shard sends its best documents alone. All pages of a document are on one shard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kb.engine import Request
from kb.tuning import Tuning

JSON = dict[str, Any]

_INIT = """
state.documents = new HashMap();
state.last = new double[] {0, 0, 0, -1};
state.top = new double[] {0, params.apart.size()};
int size = params.filter_of.size();
state.filter_of = new int[size];
state.met = new int[size];
state.counts = new int[size];
for (int i = 0; i < size; i++) {
  state.filter_of[i] = (int) params.filter_of[i];
  state.met[i] = (int) params.met[i];
}
"""
# Of a document: how many pages match, day or given place, filters that it lacks (a bit each), its number, its rank, where
# it stands among equals; then the scores of its best pages, and after them their numbers. Types are named, and what pages of one
# document share is looked up once: this is done for each page that matches.
_MAP = """
double score = _score;
double[] top = (double[]) state.top;
if (score > top[0]) { top[0] = score; }
int kept = (int) params.kept;
long ord = doc['ord'].value;
double[] own = (double[]) state.last;
if (own[3] != ord) {
  HashMap documents = (HashMap) state.documents;
  own = (double[]) documents.get(ord);
  if (own == null) {
    int[] met = (int[]) state.met;
    int[] filterOf = (int[]) state.filter_of;
    int[] counts = (int[]) state.counts;
    int lacking = (int) params.all;
    def values = doc['values'];
    int many = values.size();
    for (int i = 0; i < many; i++) { lacking &= ~met[(int) (long) values.get(i)]; }
    for (int i = 0; i < many; i++) {
      int value = (int) (long) values.get(i);
      if (lacking == 0 || lacking == filterOf[value]) { counts[value]++; }
    }
    double key = 0;
    if (params.key == 'newest') { key = -doc['day'].value; }
    else if (params.key == 'oldest') { key = doc['day'].value == 0 ? 1.0e9 : doc['day'].value; }
    else if (params.key == 'order') { key = params.order.getOrDefault(doc['document'].value, params.order.size()); }
    own = new double[6 + 2 * kept];
    own[1] = key;
    own[2] = lacking;
    own[3] = ord;
    own[5] = doc['standing'].value;
    documents.put(ord, own);
  }
  state.last = own;
}
own[0]++;
int at = 5 + kept;
if (score >= own[at]) {
  double number = doc['number'].value;
  if (top[1] == 0 || !params.apart.containsKey(doc['number'].value + '#' + doc['document'].value)) {
    if (score > own[at] || number < own[at + kept]) {
      while (at > 6 && (score > own[at - 1] || (score == own[at - 1] && number < own[at - 1 + kept]))) {
        own[at] = own[at - 1];
        own[at + kept] = own[at + kept - 1];
        at--;
      }
      own[at] = score;
      own[at + kept] = number;
    }
  }
}
"""
# Few documents are better than the worst of the best so far, so few are put among them.
_COMBINE = """
int most = (int) params.most;
double share = params.share;
long documents = 0;
long pages = 0;
PriorityQueue queue = new PriorityQueue((a, b) -> {
  double[] one = (double[]) a;
  double[] other = (double[]) b;
  if (one[1] != other[1]) { return one[1] < other[1] ? 1 : -1; }
  if (one[4] != other[4]) { return one[4] < other[4] ? -1 : 1; }
  return one[5] < other[5] ? 1 : (one[5] > other[5] ? -1 : 0);
});
double[] worst = null;
for (def each : ((HashMap) state.documents).values()) {
  double[] own = (double[]) each;
  if (own[2] != 0) { continue; }
  documents++;
  pages += (long) own[0];
  if (most == 0) { continue; }
  own[4] = own[6] + share * own[7];
  if (worst != null && (own[1] > worst[1] || (own[1] == worst[1] && own[4] < worst[4]))) { continue; }
  queue.add(own);
  if (queue.size() > most) { queue.poll(); }
  if (queue.size() == most) { worst = (double[]) queue.peek(); }
}
def best = new ArrayList();
for (def each : queue) {
  double[] own = (double[]) each;
  def row = new ArrayList();
  for (int i = 0; i < own.length; i++) { row.add(own[i]); }
  best.add(row);
}
def counts = new ArrayList();
int[] counted = (int[]) state.counts;
for (int i = 0; i < counted.length; i++) { counts.add(counted[i]); }
double[] top = (double[]) state.top;
return ['documents': documents, 'pages': pages, 'top': top[0], 'counts': counts, 'best': best];
"""
_REDUCE = "def all = new ArrayList(); for (s in states) { if (s != null) { all.add(s); } } return all;"


class Ranked(NamedTuple):
    """A document by its ``ord``: what it is ordered by, how many pages match, the best with their scores."""

    ord: int
    key: float
    rank: float
    standing: float
    pages: int
    best: Sequence[tuple[int, float]]

    @property
    def order(self) -> tuple[float, float, float]:
        """Documents stand in this order."""
        return self.key, -self.rank, self.standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the shards found together: totals, the best score of all pages, counts by number of value, the best documents."""

    documents: int = 0
    pages: int = 0
    top: float = 0.0
    counts: Sequence[int] = ()
    best: list[Ranked] = field(default_factory=list)


def gathering(
    request: Request, tuning: Tuning, values: Sequence[tuple[str, str]], most: int, apart: Sequence[str] = ()
) -> JSON:
    """The aggregation that gathers documents, and gives the first ``most``; pages ``apart`` count, but not their scores."""
    filters = {name: wanted for name, wanted in request.filters.items() if wanted}
    bits = {name: 1 << at for at, name in enumerate(filters)}
    met = [bits[name] if name in filters and value in filters[name] else 0 for name, value in values]
    params = {
        "filter_of": [bits.get(name, 0) for name, _ in values],
        "met": met,
        "all": (1 << len(filters)) - 1,
        "most": most,
        "kept": max(request.pages_per_document if most else 0, 2),
        "share": float(tuning.second_page),
        "key": "order" if request.order else request.sort,
        "order": {id: place for place, id in enumerate(request.order)},
        "apart": dict.fromkeys(apart, True),
    }
    scripts = {"init_script": _INIT, "map_script": _MAP, "combine_script": _COMBINE, "reduce_script": _REDUCE}
    return {"gathered": {"scripted_metric": {**scripts, "params": params}}}


def gathered(answer: JSON) -> Gathered:
    """What the aggregation says."""
    found = answer["aggregations"]["gathered"]["value"]
    counts = [sum(column) for column in zip(*(each["counts"] for each in found), strict=True)]
    best = [_ranked(*row) for each in found for row in each["best"]]
    return Gathered(
        documents=sum(each["documents"] for each in found),
        pages=sum(each["pages"] for each in found),
        top=max((each["top"] for each in found), default=0.0),
        counts=counts,
        best=sorted(best, key=lambda own: own.order),
    )


def _ranked(
    pages: float, key: float, _lacking: float, ord: float, rank: float, standing: float, *best: float
) -> Ranked:
    kept = len(best) // 2
    found = [(int(number), score) for score, number in zip(best[:kept], best[kept:], strict=True) if score]
    return Ranked(int(ord), key, rank, standing, int(pages), found)


def facets_of(
    counts: Sequence[int], values: Sequence[tuple[str, str]], wanted: Sequence[str]
) -> dict[str, Mapping[str, int]]:
    """Counts by facet and value."""
    found: dict[str, dict[str, int]] = {name: {} for name in wanted}
    for (name, value), count in zip(values, counts, strict=False):
        if count and name in found:
            found[name][value] = count
    return dict(found)
