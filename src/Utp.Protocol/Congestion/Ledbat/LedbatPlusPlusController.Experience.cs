using Utp.Protocol.Time;

namespace Utp.Protocol.Congestion.Ledbat;

internal sealed partial class LedbatPlusPlusController
{
    /// <summary>The state about losses, slowdowns and the path that a flow keeps once it has left its first slow start.</summary>
    private sealed class Experience
    {
        public SlowdownSchedule Slowdowns;
        public EmptyPathProbe EmptyPath;
        public RouteChangeDetector Route;
        public Stage StageBeforeCut;
        public Instant FrozenUntil;
        public Instant CutVisibleAt;
        public Instant ProbeSettledAt;
        public Instant YieldingSince;
        public double MaxRampBytesPerMicro;
        public long BaseBeforeSlowdownMicros;
        public int SlowdownCount;

        /// <summary>Allocated on the first loss.</summary>
        public RandomLossTolerance? Tolerance;
    }
}
