// search.cpp: an index of words, with what libc++ offers: texts, maps, sets, algorithms; kept in static objects from call to call.
#include "marine.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

MARINE_RECORD(Hit, (string id, u32 count, f64 score))

namespace {
struct Index {
    std::map<std::string, std::map<std::string, u32>> words;   // word -> document -> how often
    std::map<std::string, u32>                        lengths; // document -> words in it
};
Index index_; // its constructor runs once, when the service starts

std::vector<std::string> split(std::string_view text)
{
    std::vector<std::string> words;
    std::string              word;
    for (char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80)) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}
} // namespace

MARINE_EXPORT(u32, add, (string id, string text))
{
    auto words = split(text);
    for (auto &word : words) index_.words[word][id.str()]++;
    index_.lengths[id.str()] += static_cast<u32>(words.size());
    return static_cast<u32>(words.size());
}

MARINE_EXPORT(array(Hit), find, (string text, u32 most))
{
    std::map<std::string, u32> found;
    for (auto &word : split(text)) {
        auto at = index_.words.find(word);
        if (at == index_.words.end()) continue;
        for (auto &[id, count] : at->second) found[id] += count;
    }
    std::vector<Hit> hits;
    for (auto &[id, count] : found) hits.push_back(Hit{ marine_text(id), count, static_cast<double>(count) / index_.lengths[id] });
    std::stable_sort(hits.begin(), hits.end(), [](const Hit &a, const Hit &b) { return a.score > b.score; });
    if (hits.size() > most) hits.resize(most);
    return marine_array_Hit::of(hits);
}
