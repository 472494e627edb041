namespace Utp.Tool.Bench;

/// <summary>What a benchmark does, seen from the connecting side.</summary>
internal enum BenchMode
{
    /// <summary>The connecting side sends.</summary>
    Send = 1,

    /// <summary>The listening side sends.</summary>
    Receive,

    /// <summary>Messages to and fro, one at a time on each stream.</summary>
    Echo,

    /// <summary>Connections, each with one byte to and fro.</summary>
    Connect,
}
