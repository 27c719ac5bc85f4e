"""The state of hosts whose files are written here, in the kernel's own formats."""

from pathlib import Path

import pytest

from hwprofile.probe.state import read_state
from hwprofile.profile import CpuFrequency, CState, HugePages, Pressure

CPUS = "sys/devices/system/cpu"


@pytest.fixture
def host(tmp_path: Path):
    """Writes the files of a host, given by their paths, and returns its root."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_nothing_known(tmp_path):
    """Where no file says anything, all is unknown: None, or no entries."""
    state = read_state(tmp_path)
    reported = {name: getattr(state, name) for name in state.__dataclass_fields__}
    assert {name: value for name, value in reported.items() if value not in (None, ())} == {}


def test_this_host():
    """The host that runs the test answers without an error, and what is known has its type."""
    state = read_state(Path("/"))
    assert state.isolated is None or isinstance(state.isolated, tuple)
    assert state.steal_percent is None or 0 <= state.steal_percent <= 100


# (command line, isolated, nohz_full, rcu_nocbs) on a host of eight CPUs that has no other file.
COMMAND_LINES = [
    ("quiet", (), (), ()),
    ("isolcpus=2-5", (2, 3, 4, 5), (), ()),
    ("isolcpus=domain,managed_irq,2-5", (2, 3, 4, 5), (), ()),
    ("isolcpus=managed_irq,domain,2,4-5", (2, 4, 5), (), ()),
    ("isolcpus=managed_irq,2-5", (), (), ()),
    ("isolcpus=nohz,2-5", (), (2, 3, 4, 5), (2, 3, 4, 5)),
    ("isolcpus=nohz,domain,managed_irq,6-7", (6, 7), (6, 7), (6, 7)),
    ("isolcpus=new_flag,2-3", (2, 3), (), ()),
    ("isolcpus=domain,6-N", (6, 7), (), ()),
    ("isolcpus=0-7:1/4", (0, 4), (), ()),
    ("isolcpus=domain,1-7:2/3", (1, 2, 4, 5, 7), (), ()),
    ("isolcpus=6-12", (6, 7), (), ()),
    ("isolcpus=5-2", (), (), ()),
    ("isolcpus=nonsense", (), (), ()),
    ("nohz_full=all", (), (0, 1, 2, 3, 4, 5, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7)),
    ("nohz_full=2-3 rcu_nocbs=4", (), (2, 3), (2, 3, 4)),
    ("rcu-nocbs=1-2", (), (), (1, 2)),
    ("rcu_nocbs", (), (), ()),
    ('dyndbg="file a +p; isolcpus=1" isolcpus=3', (3,), (), ()),
    ("quiet -- isolcpus=2-5", (), (), ()),
]


@pytest.mark.parametrize(("line", "isolated", "tickless", "offloaded"), COMMAND_LINES)
def test_command_line(host, line, isolated, tickless, offloaded):
    """A recording with the command line alone is taken at its word, the flags of `isolcpus=` being no CPUs."""
    state = read_state(host({"proc/cmdline": line + "\n", f"{CPUS}/possible": "0-7\n"}))
    assert state.command_line == line
    assert (state.isolated, state.nohz_full, state.rcu_nocbs) == (isolated, tickless, offloaded)


def test_kernel_is_believed_over_its_command_line(host):
    """What the kernel holds counts where it says so, not what it was asked for."""
    root = host(
        {
            "proc/cmdline": "isolcpus=domain,managed_irq,2-5 nohz_full=2-5\n",
            f"{CPUS}/possible": "0-7\n",
            f"{CPUS}/isolated": "4-5\n",
            f"{CPUS}/nohz_full": "(null)\n",
        }
    )
    state = read_state(root)
    assert (state.isolated, state.nohz_full) == ((4, 5), ())


@pytest.mark.parametrize(
    ("text", "tickless"),
    [("\n", ()), ("(null)\n", ()), ("\0\n", ()), ("  (null)\n", ()), ("2-3,6\n", (2, 3, 6)), ("2-x\n", None)],
)
def test_masks_that_were_never_allocated(host, text, tickless):
    """Kernels print a mask that isn't there in several ways; what isn't a list at all is unknown."""
    assert read_state(host({f"{CPUS}/nohz_full": text})).nohz_full == tickless


def test_isolated_partitions(host):
    """CPUs of an isolated cpuset partition are isolated as those of the boot parameter are."""
    root = host({f"{CPUS}/isolated": "1\n", "sys/fs/cgroup/cpuset.cpus.isolated": "6-7\n"})
    assert read_state(root).isolated == (1, 6, 7)


def test_frequencies_by_policy(host):
    """The CPUs of a policy are governed alike; the present clock is the CPU's own where it is told."""
    policy = {
        "scaling_driver": "intel_pstate",
        "scaling_governor": "powersave",
        "energy_performance_preference": "balance_performance",
        "scaling_min_freq": "800000",
        "scaling_max_freq": "3700000",
        "scaling_cur_freq": "1200000",
        "affected_cpus": "0 1",
    }
    root = host({f"{CPUS}/cpufreq/policy0/{name}": text + "\n" for name, text in policy.items()})
    host({f"{CPUS}/cpufreq/policy2/scaling_governor": "performance\n", f"{CPUS}/cpufreq/policy2/related_cpus": "2\n"})
    common = {"driver": "intel_pstate", "governor": "powersave", "energy_preference": "balance_performance"}
    expected = [
        CpuFrequency(cpu=cpu, **common, min_mhz=800, max_mhz=3700, current_mhz=current)
        for cpu, current in ((0, 1200), (1, 1200))
    ]
    found = read_state(root).frequencies
    assert list(found[:2]) == expected
    assert (found[2].cpu, found[2].governor, found[2].driver, found[2].max_mhz) == (2, "performance", None, None)
    host({"proc/cpuinfo": "processor : 0\ncpu MHz : 3600.123\n\nprocessor : 1\ncpu MHz : 800.000\n"})
    assert [each.current_mhz for each in read_state(root).frequencies] == [3600, 800, None]


def test_frequencies_below_each_cpu(host):
    """Recordings without the directory of policies have the same below each CPU."""
    root = host({f"{CPUS}/cpu{cpu}/cpufreq/scaling_governor": f"g{cpu}\n" for cpu in (0, 2, 10)})
    assert [(each.cpu, each.governor) for each in read_state(root).frequencies] == [(0, "g0"), (2, "g2"), (10, "g10")]


@pytest.mark.parametrize(
    ("files", "turbo"),
    [
        ({"intel_pstate/no_turbo": "0"}, True),
        ({"intel_pstate/no_turbo": "1", "cpufreq/boost": "1"}, False),
        ({"cpufreq/boost": "1"}, True),
        ({"cpufreq/boost": "0"}, False),
        ({"cpufreq/policy0/boost": "0", "cpufreq/policy1/boost": "1"}, True),
        ({"cpufreq/policy0/boost": "0"}, False),
        ({}, None),
    ],
)
def test_turbo(host, files, turbo):
    """Each driver has its own switch, and one of them the other way round."""
    assert read_state(host({f"{CPUS}/{name}": text + "\n" for name, text in files.items()})).turbo is turbo


def test_c_states(host):
    """Idle states by depth, with the CPUs on which each is off."""
    files = {f"{CPUS}/cpuidle/current_driver": "intel_idle\n"}
    for cpu in (0, 1):
        for depth, (name, latency) in enumerate((("POLL", 0), ("C1", 2), ("C6", 133))):
            directory = f"{CPUS}/cpu{cpu}/cpuidle/state{depth}"
            files |= {f"{directory}/name": name, f"{directory}/latency": str(latency + (cpu if depth == 2 else 0))}
            files[f"{directory}/disable"] = "1" if (cpu, depth) == (1, 2) else "0"
    state = read_state(host(files))
    assert state.idle_driver == "intel_idle"
    assert state.c_states == (
        CState(name="POLL", exit_latency_us=0, disabled_on=()),
        CState(name="C1", exit_latency_us=2, disabled_on=()),
        CState(name="C6", exit_latency_us=134, disabled_on=(1,)),
    )


def test_throttling_counts_each_core_once(host):
    """Two threads of a core tell of the same event; so do all threads of a package."""
    root = host(
        {
            f"{CPUS}/cpu{cpu}/{name}": text
            for cpu in (0, 1, 2, 3)
            for name, text in {
                "thermal_throttle/core_throttle_count": "5" if cpu in (0, 2) else "1",
                "thermal_throttle/package_throttle_count": "100",
                "topology/core_cpus_list": "0,2" if cpu in (0, 2) else "1,3",
                "topology/package_cpus_list": "0-3",
            }.items()
        }
    )
    assert read_state(root).throttled_count == 106


def test_huge_pages(host):
    """Pools of the host by size, then of each node, in bytes; the sizes and nodes aren't sorted as text."""
    root = host(
        {
            "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "1",
            "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "512",
            "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "500",
            "sys/devices/system/node/node10/hugepages/hugepages-2048kB/nr_hugepages": "12",
            "sys/devices/system/node/node2/hugepages/hugepages-2048kB/nr_hugepages": "500",
            "sys/devices/system/node/node2/hugepages/hugepages-2048kB/free_hugepages": "500",
        }
    )
    assert read_state(root).huge_pages == (
        HugePages(size=2**21, node=None, total=512, free=500),
        HugePages(size=2**30, node=None, total=1, free=None),
        HugePages(size=2**21, node=2, total=500, free=500),
        HugePages(size=2**21, node=10, total=12, free=None),
    )


def test_huge_pages_of_old_kernels(host):
    """Kernels without the directory of pools tell of one size in their memory figures."""
    text = "SwapTotal:  2048 kB\nHugePages_Total:   16\nHugePages_Free:     8\nHugepagesize:     4096 kB\n"
    state = read_state(host({"proc/meminfo": text}))
    assert state.huge_pages == (HugePages(size=2**22, node=None, total=16, free=8),)
    assert state.swap_bytes == 2048 * 1024


@pytest.mark.parametrize("word", ["always", "madvise", "never"])
def test_transparent_huge_pages(host, word):
    """The word in brackets is the one in force."""
    text = "always madvise never\n".replace(word, f"[{word}]")
    path = "sys/kernel/mm/transparent_hugepage/enabled"
    assert read_state(host({path: text})).transparent_huge_pages == word


def test_irq_affinity(host):
    """Interrupts in numeric order, by list or by mask of several words; other entries of the directory are none."""
    root = host(
        {
            "proc/irq/default_smp_affinity": "f,00000003\n",
            "proc/irq/9/smp_affinity_list": "0-1,8\n",
            "proc/irq/10/smp_affinity": "00000001,80000001\n",
            "proc/irq/120/smp_affinity_list": "3\n",
        }
    )
    state = read_state(root)
    assert state.irq_affinity == ((9, (0, 1, 8)), (10, (0, 31, 32)), (120, (3,)))
    assert state.default_irq_affinity == (0, 1, 32, 33, 34, 35)


KERNEL_THREAD = {"proc/2/comm": "kthreadd\n"}


@pytest.mark.parametrize(
    ("files", "runs"),
    [
        ({"proc/900/comm": "irqbalance\n"}, True),
        (KERNEL_THREAD | {"proc/900/comm": "irqbalance\n"}, True),
        (KERNEL_THREAD | {"proc/900/comm": "bash\n"}, False),
        (KERNEL_THREAD | {"run/irqbalance.pid": "900\n", "proc/900/comm": "bash\n"}, False),
        (KERNEL_THREAD | {"run/irqbalance.pid": "900\n"}, False),
        (KERNEL_THREAD | {"run/irqbalance.pid": "900\n", "proc/900/comm": "irqbalance\n"}, True),
        ({"run/irqbalance.pid": "900\n"}, True),
        ({"proc/1/comm": "sleep\n"}, None),
        ({}, None),
    ],
)
def test_irqbalance(host, files, runs):
    """Not seen is "no" only where the host's own processes are seen, and a left-over file is no daemon."""
    assert read_state(host(files)).irqbalance is runs


@pytest.mark.parametrize(
    ("files", "preemption"),
    [
        ({"proc/version": "Linux version 5.4.0 (gcc 9) #1 SMP Mon Jan 1"}, "none or voluntary"),
        ({"proc/sys/kernel/version": "#1 SMP PREEMPT Mon Jan 1"}, "full"),
        ({"proc/sys/kernel/version": "#1 SMP PREEMPT_RT Mon Jan 1"}, "rt"),
        ({"proc/sys/kernel/version": "#1 SMP PREEMPT Mon", "sys/kernel/realtime": "1"}, "rt"),
        ({"proc/sys/kernel/version": "#1 SMP PREEMPT_DYNAMIC Mon"}, "dynamic"),
        ({"proc/sys/kernel/version": "#1 SMP PREEMPT_DYNAMIC Mon", "proc/cmdline": "preempt=full"}, "full"),
        (
            {
                "proc/sys/kernel/version": "#1 SMP PREEMPT_DYNAMIC Mon",
                "proc/cmdline": "preempt=full",
                "sys/kernel/debug/sched/preempt": "none (voluntary) full lazy",
            },
            "voluntary",
        ),
    ],
)
def test_preemption(host, files, preemption):
    """What the kernel says of itself now, else what it was asked for at boot, else how it was built."""
    assert read_state(host(files)).preemption == preemption


def test_switches_and_figures(host):
    """The kernel's switches, real-time share, clocks, pressure, steal and mitigations."""
    root = host(
        {
            "proc/sys/kernel/timer_migration": "1",
            "proc/sys/kernel/nmi_watchdog": "0",
            "proc/sys/kernel/numa_balancing": "2",
            "proc/sys/kernel/sched_rt_period_us": "1000000",
            "proc/sys/kernel/sched_rt_runtime_us": "-1",
            "proc/sys/vm/swappiness": "60",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
            "sys/devices/system/clocksource/clocksource0/available_clocksource": "hpet acpi_pm \n",
            "proc/pressure/cpu": "some avg10=12.50 avg60=1.00 avg300=0.50 total=9\nfull avg10=0.00 total=0\n",
            "proc/pressure/io": "some avg10=0.25 avg60=1.00 avg300=0.50 total=9\nfull avg10=7.00 total=0\n",
            "proc/stat": "cpu  50 0 20 20 0 0 0 10 40 0\ncpu0 50 0 20 20 0 0 0 10 40 0\n",
            f"{CPUS}/vulnerabilities/spectre_v2": "Mitigation: Retpolines\n",
            f"{CPUS}/vulnerabilities/l1tf": "Not affected\n",
        }
    )
    state = read_state(root)
    assert (state.timer_migration, state.nmi_watchdog, state.numa_balancing) == (True, False, True)
    assert (state.rt_period_us, state.rt_runtime_us, state.swappiness) == (1_000_000, -1, 60)
    assert (state.clocksource, state.clocksources) == ("hpet", ("hpet", "acpi_pm"))
    assert state.pressure == Pressure(cpu=12.5, memory=None, io=0.25)
    assert state.steal_percent == 10.0
    assert state.mitigations == (("l1tf", "Not affected"), ("spectre_v2", "Mitigation: Retpolines"))


def test_steal_is_unknown_to_old_kernels(host):
    """A line of seven times says nothing of steal."""
    assert read_state(host({"proc/stat": "cpu  50 0 20 20 0 0 0\n"})).steal_percent is None


FLAG = {"proc/cpuinfo": "processor : 0\nflags : sse hypervisor\n"}
PLAIN = {"proc/cpuinfo": "processor : 0\nflags : sse\n"}
ARM = {"proc/cpuinfo": "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd40\n"}
CLOCKS = "sys/devices/system/clocksource/clocksource0/available_clocksource"
VENDOR, PRODUCT = "sys/class/dmi/id/sys_vendor", "sys/class/dmi/id/product_name"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"sys/hypervisor/type": "xen\n"}, "xen"),
        ({"proc/xen/capabilities": "control_d\n"}, "xen"),
        (PLAIN | {VENDOR: "QEMU"}, "qemu"),
        (PLAIN | {VENDOR: "VMware, Inc."}, "vmware"),
        (FLAG | {VENDOR: "Amazon EC2"}, "amazon"),
        (PLAIN | {VENDOR: "Amazon EC2", PRODUCT: "m5.metal"}, None),
        (PLAIN | {VENDOR: "Amazon EC2", PRODUCT: "m5.large"}, None),
        (ARM | {VENDOR: "Amazon EC2", PRODUCT: "c7g.16xlarge"}, "amazon"),
        (ARM | {VENDOR: "Amazon EC2", PRODUCT: "c7g.metal"}, None),
        (ARM | {VENDOR: "Amazon EC2", PRODUCT: "x8g.metal-48xl"}, None),
        (FLAG | {VENDOR: "Microsoft Corporation", PRODUCT: "Virtual Machine"}, "hyper-v"),
        (PLAIN | {VENDOR: "Microsoft Corporation", PRODUCT: "Surface Book"}, None),
        (ARM | {VENDOR: "Microsoft Corporation", PRODUCT: "Virtual Machine"}, "hyper-v"),
        (FLAG | {"sys/devices/virtual/dmi/id/sys_vendor": "innotek GmbH"}, "virtualbox"),
        (FLAG | {VENDOR: "Dell Inc.", CLOCKS: "tsc kvm-clock acpi_pm"}, "kvm"),
        (FLAG | {CLOCKS: "hyperv_clocksource_tsc_page acpi_pm"}, "hyper-v"),
        (PLAIN | {CLOCKS: "tsc hpet acpi_pm"}, None),
        (FLAG, "unnamed"),
        (ARM | {"proc/device-tree/hypervisor/compatible": "linux,kvm\0"}, "kvm"),
        (ARM | {"proc/device-tree/hypervisor/compatible": "xen,xen-4.17\0xen,xen\0"}, "xen"),
        ({"proc/sysinfo": "Manufacturer: IBM\nVM00 Control Program: KVM/Linux       \n"}, "kvm"),
        ({"proc/sysinfo": "VM00 Control Program: z/VM    7.2.0\n"}, "z/vm"),
        ({"proc/cpuinfo": "vendor_id : User Mode Linux\n"}, "uml"),
        ({"proc/cpuinfo": "cpu : POWER9\nmachine : IBM pSeries (emulated by qemu)\n"}, "qemu"),
        (PLAIN, None),
        ({}, None),
    ],
)
def test_hypervisor(host, files, name):
    """The name of the hypervisor, from whatever names it; bare metal that a cloud rents out isn't one."""
    assert read_state(host(files)).hypervisor == name
