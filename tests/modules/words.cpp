/* words.cpp: C++ with all of libc++ that services use: static objects with constructors, texts, maps, vectors; used by the tests of marine. */
#include "marine.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

MARINE_RECORD(Word, (string text, u32 count))
MARINE_RECORD(Page, (u8 number, u64 size, string title, array(Word) words, record(Word) top, array2(u16) table, f32 score))

namespace {
struct Counter { /* its constructor runs once, its destructor never */
    std::map<std::string, u32> counts;
    std::string                greeting;
    Counter() : greeting("Hi, ") { counts["the"] = 1; }
    ~Counter() { counts.clear(); }
};
Counter                                counter;
std::vector<std::unique_ptr<std::string>> kept;
} // namespace

static_assert(sizeof(Page) == 1 + 8 + 8 + 8 + 4 + 8 + 4, "records are packed");

MARINE_EXPORT(string, greeting, (string name))
{
    kept.push_back(std::make_unique<std::string>(name.str()));
    return marine_text(counter.greeting + *kept.back() + " (" + std::to_string(kept.size()) + ")");
}

MARINE_EXPORT(array(Word), count, (array(string) words))
{
    for (auto word : words) counter.counts[word.str()]++;
    std::vector<Word> out;
    for (auto &[text, n] : counter.counts) out.push_back(Word{ marine_text(text), n });
    std::sort(out.begin(), out.end(), [](const Word &a, const Word &b) { return a.count > b.count; });
    return marine_array_Word::of(out);
}

MARINE_EXPORT(array(string), sorted, (array(string) words))
{
    std::vector<std::string_view> out(words.begin(), words.end());
    std::sort(out.begin(), out.end());
    return marine_array_string::of(out);
}

MARINE_EXPORT(array2(u32), steps, (u32 rows))
{
    std::vector<std::vector<int>> out;
    for (u32 i = 0; i < rows; i++) out.push_back(std::vector<int>(i, static_cast<int>(i)));
    return marine_array2_u32::of(out);
}

MARINE_EXPORT(record(Page), turn, (record(Page) page))
{
    page.number++;
    page.title = marine_text(page.title.str() + "!");
    for (Word *word : page.words) word->count *= 2;
    page.top->count += page.words.size();
    for (auto &row : page.table) std::reverse(row.begin(), row.end());
    return page;
}

MARINE_EXPORT(u64, total, (bytes data))
{
    u64 sum = 0;
    for (auto b : data) sum += b;
    return sum;
}

MARINE_EXPORT(bool, is_empty, (string text, array(Word) words)) { return std::string_view(text).empty() && words.size() == 0; }
MARINE_EXPORT(void, log_all, (string text))
{
    marine_log(MARINE_ERROR, "%s 1", text.ptr);
    marine_log_to(2, MARINE_INFO, "%s 2", text.ptr);
    marine_log_to(4, MARINE_TRACE, "%s 3", text.ptr);
}
