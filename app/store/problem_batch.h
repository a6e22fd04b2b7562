// Many problems at once, as a file brings them.
#pragma once

#include <filesystem>
#include <vector>

#include "app/store/connection.h"
#include "app/store/problem_rows.h"

namespace holdfast {

ProblemId insert_problem(Connection& connection, const ProblemRow& row);

// On a connection of its own to an open store's file, in one transaction: all or none. Throws StoreError.
void add_problems(const std::filesystem::path& database, const std::vector<ProblemRow>& rows);

}  // namespace holdfast
