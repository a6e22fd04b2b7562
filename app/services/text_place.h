// A stretch of a message's text: what the transcript and the inspector tell each other.
#pragma once

#include <QtGlobal>

#include "app/store/rows.h"

namespace holdfast {

struct TextPlace {
  NodeId node{};  // none: no message
  qsizetype begin = 0, end = 0;
};

}  // namespace holdfast
