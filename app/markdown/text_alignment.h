// Where what is shown of a text stands in the text itself: markup is not shown, white space may differ. No widgets.
#pragma once

#include <QStringList>
#include <QStringView>
#include <vector>

namespace holdfast {

// For each character of `shown` its place in `source`, ascending. What is not there takes the place of what stands
// before it, at the beginning 0.
[[nodiscard]] std::vector<qsizetype> alignText(QStringView shown, QStringView source);

// A text that was read in pieces, with a template around it: where in `text` each piece begins, and at last its size.
// A piece that is not of the text is empty.
[[nodiscard]] std::vector<qsizetype> pieceStarts(const QStringList& pieces, QStringView text);
// The piece that has this character of the text: -1 where there is none.
[[nodiscard]] qsizetype pieceAt(const std::vector<qsizetype>& starts, qsizetype character);

}  // namespace holdfast
