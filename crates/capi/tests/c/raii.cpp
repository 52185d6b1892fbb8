/* The header in C++17: a scrubber that frees itself, an enum-free switch, and structures that are zeroed by their braces. */
#include <cardhush.h>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

static_assert(std::is_standard_layout_v<cardhush_config> && std::is_trivially_copyable_v<cardhush_event>);
static_assert(sizeof(cardhush_event) == 56, "events have no padding, and their size is part of the ABI");

struct closer {
    void operator()(cardhush_scrubber *scrubber) const { cardhush_scrubber_free(scrubber); }
};
using scrubber = std::unique_ptr<cardhush_scrubber, closer>;

static scrubber open(const cardhush_config &config)
{
    cardhush_scrubber *raw = nullptr;
    return scrubber(cardhush_scrubber_new(&config, &raw) == CARDHUSH_OK ? raw : nullptr);
}

int main()
{
    cardhush_config config{};
    if (cardhush_check_abi(CARDHUSH_ABI) != CARDHUSH_OK || cardhush_config_init(&config, sizeof config) != CARDHUSH_OK) return 1;
    config.look_ahead_ms = 100;
    config.fill = CARDHUSH_FILL_SILENCE;
    scrubber one = open(config);
    config.coding = 1000;
    if (!one || open(config)) return 1;

    /* Everything between sample 800 and 1600 goes, and nothing else. */
    std::vector<int16_t> samples(4000, 1234);
    if (cardhush_scrubber_mask(one.get(), 0, 800, 1600) != CARDHUSH_OK) return 1;
    if (cardhush_scrubber_process(one.get(), samples.data(), samples.size()) != CARDHUSH_OK) return 1;
    std::uint64_t latency = 0;
    cardhush_scrubber_latency(one.get(), &latency);
    for (std::size_t i = latency; i < samples.size(); i++) {
        const bool masked = i - latency >= 800 && i - latency < 1600;
        if (samples[i] != (masked ? 0 : 1234)) return std::printf("sample %zu\n", i - latency), 1;
    }
    cardhush_event event{};
    std::size_t count = 0;
    if (cardhush_scrubber_events(one.get(), &event, 1, &count) != CARDHUSH_OK || count != 1 || event.start != 800 || event.end != 1600) return 1;
    if (std::string_view(cardhush_cause_name(event.cause)) != "manual" || std::string_view(cardhush_event_name(event.kind)) != "redacted") return 1;
    std::puts("C++17: ok");
    return 0;
}
