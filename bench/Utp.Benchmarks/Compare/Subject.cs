using Utp.Benchmarks.Ceiling;

namespace Utp.Benchmarks.Compare;

internal enum SubjectKind
{
    Utp,

    /// <summary>Kestrel's TCP transport, at both ends.</summary>
    Tcp,

    /// <summary>libutp in Node.js, at both ends.</summary>
    Libutp,

    /// <summary>Bare UDP.</summary>
    Ceiling,
}

/// <summary>A transport that is measured.</summary>
internal sealed record Subject(SubjectKind Kind, UtpDatagramOffload? Channel)
{
    public static readonly Subject Tcp = new(SubjectKind.Tcp, null);
    public static readonly Subject Libutp = new(SubjectKind.Libutp, null);

    private static readonly UtpDatagramOffload[] Channels = [UtpDatagramOffload.Portable, UtpDatagramOffload.Batching, UtpDatagramOffload.Segmentation];

    public static readonly IReadOnlyList<Subject> Utp = [.. Channels.Select(channel => new Subject(SubjectKind.Utp, channel))];
    public static readonly IReadOnlyList<Subject> Ceilings = [.. Channels.Select(channel => new Subject(SubjectKind.Ceiling, channel))];

    public static Subject UtpPortable => Utp[0];

    /// <summary>The best channel, for measures that do not depend on channels.</summary>
    public static Subject UtpOffload => Utp[2];

    public string Name => Kind switch
    {
        SubjectKind.Utp => "utp-" + CeilingOptions.NameOf(Channel!.Value),
        SubjectKind.Ceiling => "udp-" + CeilingOptions.NameOf(Channel!.Value),
        SubjectKind.Tcp => "tcp",
        _ => "libutp",
    };
}
